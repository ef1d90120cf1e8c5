//! Which instructions the loops are compiled for, chosen at run time.
//!
//! The same code is compiled several times: for AVX-512, for AVX2 with fused multiply-add, and for what every processor
//! of the target has. Additions, multiplications and fused multiply-adds round alike in all of them, so all give the same
//! bits; without hardware for fused multiply-adds these are computed in software, which is slow.

#![allow(unsafe_code, reason = "functions compiled for processors that have been asked for")]

use std::cell::Cell;
use std::sync::OnceLock;

/// A set of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// What the target guarantees.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 (F, BW, DQ, VL).
    Avx512,
}

/// A piece of work whose `run` is compiled into each path: it and all it calls must be `inline(always)`.
pub(crate) trait Work {
    type Output;
    fn run(self) -> Self::Output;
}

impl Path {
    /// The widest that this processor has.
    pub(crate) fn detected() -> Self {
        static DETECTED: OnceLock<Path> = OnceLock::new();
        *DETECTED.get_or_init(|| {
            #[cfg(target_arch = "x86_64")]
            {
                let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
                let avx512 = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl");
                if avx2 && avx512 {
                    return Self::Avx512;
                }
                if avx2 {
                    return Self::Avx2;
                }
            }
            Self::Portable
        })
    }

    /// The path for loops started by this thread.
    #[inline]
    pub(crate) fn current() -> Self {
        LIMIT.get().map_or_else(Self::detected, |limit| limit.min(Self::detected()))
    }

    /// Runs a piece of work compiled for this path.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        #[cfg(target_arch = "x86_64")]
        match self.min(Self::detected()) {
            // SAFETY: the processor has these instructions.
            Self::Avx512 => return unsafe { avx512(work) },
            // SAFETY: the processor has these instructions.
            Self::Avx2 => return unsafe { avx2(work) },
            Self::Portable => {}
        }
        portable(work)
    }
}

thread_local! {
    static LIMIT: Cell<Option<Path>> = const { Cell::new(None) };
}

/// Runs `work` with loops limited to `path`; for tests and measurements.
#[doc(hidden)]
pub fn limited_to<R>(path: Path, work: impl FnOnce() -> R) -> R {
    struct Restore(Option<Path>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(Some(path)));
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[inline(never)]
fn portable<W: Work>(work: W) -> W::Output {
    work.run()
}
