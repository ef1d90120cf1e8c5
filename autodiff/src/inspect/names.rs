//! Handles and stretches of a tape get names.

use crate::error::one_line;
use crate::tape::labels::Label;
use crate::{Real, Tape, Tensor, Var};

/// `named` and its like, for both handles.
macro_rules! naming {
    ($handle:ident, $what:literal, $edit:ident) => {
        impl<T: Real> $handle<T> {
            #[doc = concat!("Gives this ", $what, " a name, under which [`explain`](crate::explain) and [`graph`](crate::graph) show it; the")]
            /// last one counts. `W[1]`, `x1`, `a_in`, `theta` and `θ` are set in LaTeX as they are meant.
            ///
            /// Control characters become spaces. Names stand beside the tape until it is reset. A constant is on no tape and stays without a name: so a
            /// function that names what it computes can be evaluated on constants too.
            ///
            /// ```
            /// let tape = autodiff::Tape::<f64>::new();
            /// let y = tape.var(1.3).named("y");
            /// let f = (y.sin() * y).named("f");
            /// assert!(autodiff::explain::derivation(f, y).to_string().contains("f = y sin y"));
            /// ```
            ///
            /// # Panics
            /// If the handle is stale.
            #[track_caller]
            #[allow(clippy::needless_pass_by_value, reason = "the handle is passed through, to be bound")]
            pub fn named(self, name: impl AsRef<str>) -> Self {
                let name = one_line(name.as_ref()).into();
                self.$edit(|label| label.name = Some(name));
                self
            }

            /// Gives a name to the derivative of the root with respect to this, which otherwise is called `df/dx`: `delta[1]`
            /// for that with respect to `a[1]`.
            ///
            /// # Panics
            /// If the handle is stale.
            #[track_caller]
            pub fn adjoint_named(self, name: impl AsRef<str>) -> Self {
                let name = one_line(name.as_ref()).into();
                self.$edit(|label| label.adjoint = Some(name));
                self
            }

            /// Gives a name to the function that made this out of one argument: `h` for an activation, whose derivative is `h'` then.
            ///
            /// # Panics
            /// If the handle is stale.
            #[track_caller]
            pub fn function_named(self, name: impl AsRef<str>) -> Self {
                let name = one_line(name.as_ref()).into();
                self.$edit(|label| label.function = Some(name));
                self
            }
        }
    };
}
naming!(Var, "variable", label_var);
naming!(Tensor, "tensor", label_tensor);

impl<T: Real> Var<T> {
    #[track_caller]
    fn label_var(self, edit: impl FnOnce(&mut Label)) {
        let Some((cell, index, epoch)) = self.place() else { return };
        cell.check(epoch);
        cell.names.borrow_mut().edit(index, edit);
    }
}

impl<T: Real> Tensor<T> {
    #[track_caller]
    fn label_tensor(&self, edit: impl FnOnce(&mut Label)) {
        let Some(node) = self.live() else { return };
        node.cell.names.borrow_mut().edit(node.index, edit);
    }
}

impl<T: Real> Tape<T> {
    /// Runs `record` and notes that what it records belongs together: a cluster in [`graph`](crate::graph) pictures, a layer
    /// of a network for instance. Groups may stand within groups.
    ///
    /// ```
    /// let tape = autodiff::Tape::<f64>::new();
    /// let x = tape.var(2.0).named("x");
    /// let y = tape.group("square and shift", || x * x + 1.0);
    /// assert!(autodiff::graph::Graph::of(y)?.dot().contains("subgraph"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    pub fn group<R>(&self, name: impl AsRef<str>, record: impl FnOnce() -> R) -> R {
        let (cell, epoch, start) = (self.cell(), self.cell().epoch(), self.len());
        let result = record();
        if std::ptr::eq(cell, self.cell()) && cell.epoch() == epoch {
            self.group_since(name, start);
        }
        result
    }

    /// Notes that the entries from number `start` on belong together, as [`group`](Self::group) does: for code that cannot be put
    /// into a closure. `start` is the [length](Self::len) that the tape had.
    pub fn group_since(&self, name: impl AsRef<str>, start: usize) {
        let (name, end) = (one_line(name.as_ref()).into(), self.len());
        if start < end {
            self.cell().names.borrow_mut().group(name, start as u32..end as u32);
        }
    }
}
