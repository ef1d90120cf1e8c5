//! Programs: a function recorded once, evaluated and differentiated at many inputs.

mod batch;
mod derived;
mod optimize;
mod recorded;
mod rolled;
#[cfg(feature = "serde")]
mod serial;
mod sparse;

pub use self::recorded::Program;
