//! Generators inside layers.

use std::cell::RefCell;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A layer's own generator of random numbers (`ChaCha8`), seeded from the one that is passed in. A layer draws from it in its
/// `forward`, which has `&self`; its state can be read and put back, bit for bit.
///
/// A clone draws the same numbers from there on.
#[derive(Clone)]
pub struct Random(RefCell<ChaCha8Rng>);

impl Random {
    /// A generator whose seed is drawn from `rng`.
    pub fn new(rng: &mut impl Rng) -> Self {
        Self(RefCell::new(ChaCha8Rng::from_rng(rng)))
    }

    /// Lets `draw` draw from the generator.
    pub fn draw<R>(&self, draw: impl FnOnce(&mut ChaCha8Rng) -> R) -> R {
        draw(&mut self.0.borrow_mut())
    }

    /// Returns the state of the generator.
    pub fn state(&self) -> RandomState {
        let rng = self.0.borrow();
        RandomState { seed: rng.get_seed(), stream: rng.get_stream(), position: rng.get_word_pos() }
    }

    /// Draws the seed of generators for parts of a batch.
    pub(crate) fn fork(&self) -> RandomState {
        let seed = self.draw(|rng| ChaCha8Rng::from_rng(rng).get_seed());
        RandomState { seed, stream: 0, position: 0 }
    }

    /// Restores a state: what is drawn next is what was drawn after the state was read.
    pub fn restore(&self, state: &RandomState) {
        let mut rng = ChaCha8Rng::from_seed(state.seed);
        rng.set_stream(state.stream);
        rng.set_word_pos(state.position);
        *self.0.borrow_mut() = rng;
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Random(at {})", self.0.borrow().get_word_pos())
    }
}

/// The state of a [`Random`]: seed, stream, and the number of 32-bit words drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RandomState {
    seed: [u8; 32],
    stream: u64,
    position: u128,
}

impl RandomState {
    /// The generator of a part.
    pub(crate) fn of_part(&self, part: usize) -> Self {
        Self { stream: part as u64, ..self.clone() }
    }

    /// Encodes seed, stream and position for a file, the lowest byte first.
    pub fn to_bytes(&self) -> [u8; 56] {
        let mut bytes = [0; 56];
        bytes[..32].copy_from_slice(&self.seed);
        bytes[32..40].copy_from_slice(&self.stream.to_le_bytes());
        bytes[40..].copy_from_slice(&self.position.to_le_bytes());
        bytes
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) encoded.
    pub fn from_bytes(bytes: &[u8; 56]) -> Self {
        let (seed, rest) = bytes.split_first_chunk().expect("56 bytes");
        let (stream, position) = rest.split_first_chunk().expect("24 bytes");
        let position = position.try_into().expect("16 bytes");
        Self { seed: *seed, stream: u64::from_le_bytes(*stream), position: u128::from_le_bytes(position) }
    }
}
