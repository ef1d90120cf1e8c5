//! Names that entries were given, for whoever reads the tape. Beside the entries: a tape without names pays nothing.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// What an entry is called.
#[derive(Clone, Default)]
pub(crate) struct Label {
    pub(crate) name: Option<Rc<str>>,
    /// What the root's derivative with respect to it is called.
    pub(crate) adjoint: Option<Rc<str>>,
    /// What the function that made it is called.
    pub(crate) function: Option<Rc<str>>,
}

/// Names by entry, and groups of entries.
#[derive(Clone, Default)]
pub(crate) struct Names {
    labels: HashMap<u32, Label>,
    groups: Vec<(Rc<str>, Range<u32>)>,
}

impl Names {
    pub(crate) fn clear(&mut self) {
        if !self.labels.is_empty() {
            self.labels.clear();
        }
        self.groups.clear();
    }

    pub(crate) fn label(&self, index: usize) -> Option<&Label> {
        self.labels.get(&(index as u32))
    }

    pub(crate) fn name(&self, index: usize) -> Option<&str> {
        self.label(index)?.name.as_deref()
    }

    pub(crate) fn edit(&mut self, index: u32, edit: impl FnOnce(&mut Label)) {
        edit(self.labels.entry(index).or_default());
    }

    /// Notes that the entries of a stretch belong together.
    pub(crate) fn group(&mut self, name: Rc<str>, entries: Range<u32>) {
        self.groups.push((name, entries));
    }

    /// Stretches of entries that belong together, each after those within it.
    pub(crate) fn groups(&self) -> &[(Rc<str>, Range<u32>)] {
        &self.groups
    }

    /// Whether a name is given to some entry.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.labels.values().any(|label| label.name.as_deref() == Some(name))
    }
}
