//! Drives one of the targets, chosen by the environment variable `FUZZ_TARGET`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

/// The target, and the file that its bytes are put into.
static CHOICE: OnceLock<(Target, PathBuf)> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let ((_, target), file) = CHOICE.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        let target = TARGETS.into_iter().find(|target| target.0 == name).expect("FUZZ_TARGET names a target");
        // In memory where there is such a place.
        let folder = ["/dev/shm"].map(PathBuf::from).into_iter().find(|folder| folder.is_dir());
        let folder = folder.unwrap_or_else(std::env::temp_dir);
        (target, folder.join(format!("fuzz-{name}-{}", std::process::id())))
    });
    std::fs::write(file, bytes).expect("writes");
    target(file, bytes);
});
