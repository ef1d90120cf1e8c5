//! What the algorithms need of a machine's number type.

use num_traits::Float;

/// Polynomials (lowest power first) and constants, written by `coefficients.py`.
pub(super) trait Tables: Sized + 'static {
    const EXP: &'static [Self];
    const LN: &'static [Self];
    const SIN: &'static [Self];
    const COS: &'static [Self];
    const TAIL: &'static [Self];
    const ERF: &'static [Self];
    /// `√2` and `1 / √(2π)` in two parts.
    const ROOT_TWO: [Self; 2];
    const NORMAL: [Self; 2];
    const LOG2_E: Self;
    /// `ln 2` in two parts; multiples of the first by an exponent are exact.
    const LN_2: [Self; 2];
    const TWO_OVER_PI: Self;
    /// `π/2` in three parts.
    const HALF_PI: [Self; 3];
}

/// `f32` or `f64`.
pub(crate) trait Native: NativeParts {}
impl<T: NativeParts> Native for T {}

#[allow(private_bounds, reason = "the tables are nobody else's business")]
pub(crate) trait NativeParts: Float + Tables {
    /// Added to a number it leaves the nearest integer in the lowest bits.
    const SHIFT: Self;
    const HALF: Self;
    const TWO: Self;
    /// From here on `e^x` is infinite, and below the second 0.
    const EXP_LIMITS: [Self; 2];
    /// `e^x - 1` is -1 below this.
    const EXP_M1_LOW: Self;
    /// From here on `tanh` is 1.
    const TANH_LIMIT: Self;
    /// From here on the tail of the normal distribution is 0.
    const TAIL_LIMIT: Self;
    /// Up to here the reduction of angles is exact enough.
    const ANGLE_LIMIT: Self;
    /// An exponent at which a unit in the last place of 1 is beyond all digits.
    const SHIFT_LIMIT: Self;
    /// Below this `e^x - 1` is `x`.
    const TINY: Self;

    /// `2^n` for an integer within the range of normal exponents.
    fn power_of_two(n: Self) -> Self;

    /// `x = m 2^k` with `√½ <= m < √2`, for positive finite `x`.
    fn split(x: Self) -> (Self, Self);

    /// Whether the integer in the lowest bits of a number that [`SHIFT`](Self::SHIFT) was added to is odd, and whether the
    /// next bit is set.
    fn low_bits(shifted: Self) -> [bool; 2];

    /// The polynomial `Σ c_k x^k`.
    #[inline(always)]
    fn horner(x: Self, c: &[Self]) -> Self {
        c[..c.len() - 1].iter().rfold(c[c.len() - 1], |sum, &c| sum.mul_add(x, c))
    }
}

macro_rules! native {
    ($t:ident $bits:ident: $mantissa:literal, $bias:literal;
     exp = $exp:expr; exp_m1 = $exp_m1:expr; tanh = $tanh:expr; tail = $tail:expr; angle = $angle:expr) => {
        impl NativeParts for $t {
            const SHIFT: Self = 1.5 * (1_u64 << $mantissa) as $t;
            const HALF: Self = 0.5;
            const TWO: Self = 2.0;
            const EXP_LIMITS: [Self; 2] = $exp;
            const EXP_M1_LOW: Self = $exp_m1;
            const TANH_LIMIT: Self = $tanh;
            const TAIL_LIMIT: Self = $tail;
            const ANGLE_LIMIT: Self = $angle;
            const SHIFT_LIMIT: Self = 100.0;
            const TINY: Self = $t::EPSILON / 4.0;

            #[inline(always)]
            fn power_of_two(n: Self) -> Self {
                let n = (n + Self::SHIFT).to_bits().wrapping_add($bias);
                $t::from_bits(n << $mantissa)
            }

            #[inline(always)]
            fn split(x: Self) -> (Self, Self) {
                const LIFT: $t = (1_u64 << ($mantissa + 1)) as $t;
                let root = std::f64::consts::FRAC_1_SQRT_2 as $t;
                let subnormal = x < $t::MIN_POSITIVE;
                let x = if subnormal { x * LIFT } else { x };
                // The exponent, `bias` too large, above the mantissa's offset from that of √½.
                let offset = x.to_bits().wrapping_sub(root.to_bits()).wrapping_add($bias << $mantissa);
                let m = $t::from_bits((offset & ((1 << $mantissa) - 1)).wrapping_add(root.to_bits()));
                let k = $t::from_bits((offset >> $mantissa) | Self::SHIFT.to_bits())
                    - (Self::SHIFT + ($bias as $bits) as $t);
                (m, if subnormal { k - ($mantissa as $bits + 1) as $t } else { k })
            }

            #[inline(always)]
            fn low_bits(shifted: Self) -> [bool; 2] {
                [shifted.to_bits() & 1 != 0, shifted.to_bits() & 2 != 0]
            }
        }
    };
}
native!(f32 u32: 23, 127; exp = [89.0, -104.0]; exp_m1 = -20.0; tanh = 10.0; tail = 15.0; angle = 1e5);
native!(f64 u64: 52, 1023; exp = [710.0, -746.0]; exp_m1 = -40.0; tanh = 22.0; tail = 40.0; angle = 1e9);
