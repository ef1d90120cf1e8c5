//! Integration tests, one binary.

mod nesting;
mod rows;
