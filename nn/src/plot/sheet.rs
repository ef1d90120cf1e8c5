//! What all charts have.

/// The words around a plot, and the size of a picture of the chart alone.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) size: (u32, u32),
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, size: (u32, u32)) -> Self {
        Self { title: title.into(), x_label: String::new(), y_label: String::new(), size }
    }
}
