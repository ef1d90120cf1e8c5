//! Numbers as bytes.

use std::any::TypeId;

use autodiff::Real;
use safetensors::tensor::Dtype;

/// A number type that weights files hold.
pub trait Element: Real {
    /// The file format's name for the type.
    #[doc(hidden)]
    const DTYPE: Dtype;

    /// Appends the number's bytes, lowest first.
    #[doc(hidden)]
    fn put(self, bytes: &mut Vec<u8>);

    /// Reads a number; `bytes` has as many as the type.
    #[doc(hidden)]
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($($t:ident $dtype:ident)*) => { $(
        impl Element for $t {
            const DTYPE: Dtype = Dtype::$dtype;

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("as many bytes as the type has"))
            }
        }
    )* };
}
element!(f32 F32 f64 F64);

/// How a number type is written and read.
#[derive(Clone, Copy)]
pub(crate) struct Codec<T> {
    pub(crate) dtype: Dtype,
    pub(crate) put: fn(T, &mut Vec<u8>),
    pub(crate) take: fn(&[u8]) -> T,
}

impl<T: Real> Codec<T> {
    /// That of a type which files hold.
    pub(crate) fn exact() -> Self
    where
        T: Element,
    {
        Self { dtype: T::DTYPE, put: T::put, take: T::take }
    }

    /// That of `f32` or `f64`, told by the type's identity, because training takes any `Real`.
    pub(crate) fn find() -> Option<Self> {
        let id = TypeId::of::<T>();
        let narrow = Self { dtype: Dtype::F32, put: |x, bytes| (x.primal() as f32).put(bytes), take: narrow };
        let wide = Self { dtype: Dtype::F64, put: |x, bytes| x.primal().put(bytes), take: wide };
        let known = [(TypeId::of::<f32>(), narrow), (TypeId::of::<f64>(), wide)];
        known.into_iter().find(|&(of, _)| of == id).map(|(_, codec)| codec)
    }

    /// Reads numbers of this very type.
    pub(crate) fn only(self) -> impl Fn(Dtype) -> Option<Self> {
        move |dtype| (dtype == self.dtype).then_some(self)
    }

    /// How numbers of another type are read into this one, rounded to the nearest where it is narrower.
    pub(crate) fn reading(self, dtype: Dtype) -> Option<Self> {
        match dtype {
            _ if dtype == self.dtype => Some(self),
            Dtype::F16 => {
                Some(Self { dtype, take: |bytes| T::of(half::f16::from_le_bytes(two(bytes)).to_f64()), ..self })
            }
            Dtype::BF16 => {
                Some(Self { dtype, take: |bytes| T::of(half::bf16::from_le_bytes(two(bytes)).to_f64()), ..self })
            }
            Dtype::F32 => Some(Self { dtype, take: narrow, ..self }),
            Dtype::F64 => Some(Self { dtype, take: wide, ..self }),
            _ => None,
        }
    }

    pub(crate) fn size(self) -> usize {
        self.dtype.bitsize() / 8
    }
}

fn two(bytes: &[u8]) -> [u8; 2] {
    bytes.try_into().expect("as many bytes as the type has")
}

fn narrow<T: Real>(bytes: &[u8]) -> T {
    T::of(f32::take(bytes).into())
}

fn wide<T: Real>(bytes: &[u8]) -> T {
    T::of(f64::take(bytes))
}
