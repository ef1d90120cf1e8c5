//! The fuzz targets on the committed corpus and on some thousand mutations of it, on the stable toolchain.
//!
//! `scripts/fuzz` runs the same targets with libFuzzer, which looks for bytes that reach new code.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use targets::TARGETS;

const MUTATIONS: usize = 500;

/// A copy with a few bytes changed, removed, repeated, or a number of the text replaced by another.
fn mutated(whole: &[u8], other: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..rng.random_range(1..=3) {
        let start = rng.random_range(0..=bytes.len());
        let end = (start + rng.random_range(1..=16)).min(bytes.len());
        match rng.random_range(0..7) {
            0 => bytes.truncate(start),
            1 => drop(bytes.drain(start..end)),
            2 => rng.fill(&mut bytes[start..end]),
            3 => {
                let piece = bytes[start..end].to_vec();
                bytes.splice(start..start, piece);
            }
            4 => {
                // The rest of another file.
                let from = rng.random_range(0..=other.len());
                bytes.truncate(start);
                bytes.extend(&other[from..]);
            }
            5 => {
                let numbers = ["-1", "0", "4294967296", "18446744073709551615", "1e999", "null", "[]"];
                let piece = numbers[rng.random_range(0..numbers.len())].bytes();
                bytes.splice(start..end.min(start + 1), piece);
            }
            _ => bytes[start..end].iter_mut().for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
        }
    }
    bytes
}

#[test]
fn the_corpus_and_mutations_of_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, target) in TARGETS {
        let mut files: Vec<_> =
            fs::read_dir(corpus.join(name)).expect("a corpus").map(|file| file.expect("readable").path()).collect();
        files.sort();
        let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("readable")).collect();
        assert!(!seeds.is_empty(), "{name}: no corpus");
        let mut rng = ChaCha8Rng::seed_from_u64(20);
        let file = folder.path().join(name);
        fs::write(&file, []).expect("writes");
        for k in 0..seeds.len() + MUTATIONS {
            let bytes = seeds.get(k).cloned().unwrap_or_else(|| {
                let [whole, other] = [(); 2].map(|()| &seeds[rng.random_range(0..seeds.len())]);
                mutated(whole, other, &mut rng)
            });
            // Written over, not emptied first: that would go to disk each time.
            let mut out = fs::File::options().write(true).open(&file).expect("opens");
            std::io::Write::write_all(&mut out, &bytes).and_then(|()| out.set_len(bytes.len() as u64)).expect("writes");
            drop(out);
            if catch_unwind(AssertUnwindSafe(|| target(&file, &bytes))).is_err() {
                let kept = std::env::temp_dir().join(format!("crash-{name}-{k}"));
                fs::write(&kept, &bytes).expect("writes");
                panic!(
                    "{name}: the panic above came from the bytes in {}; put them into {}",
                    kept.display(),
                    corpus.join(name).display()
                );
            }
        }
    }
}
