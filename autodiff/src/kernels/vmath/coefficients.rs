//! Written by `coefficients.py`: minimax polynomials, lowest power first, and constants in parts.

#![allow(clippy::unreadable_literal, reason = "bit patterns")]

use super::native::Tables;

impl Tables for f32 {
    // (e^r - 1 - r) / r^2, relative to (e^r - 1) / r; relative error 2^-25.88.
    const EXP: &'static [Self] = &[
        f32::from_bits(0x3f000000),
        f32::from_bits(0x3e2aaa57),
        f32::from_bits(0x3d2aaa43),
        f32::from_bits(0x3c09143d),
        f32::from_bits(0x3ab6ccc7),
    ];
    // (ln((1 + s) / (1 - s)) - 2 s) / s^3 in s^2; relative error 2^-29.94.
    const LN: &'static [Self] = &[f32::from_bits(0x3f2aaabd), f32::from_bits(0x3eccaf3f), f32::from_bits(0x3e98f4ea)];
    // (sin r - r) / r^3 in r^2; relative error 2^-27.8.
    const SIN: &'static [Self] = &[f32::from_bits(0xbe2aaaa2), f32::from_bits(0x3c088361), f32::from_bits(0xb94c8c31)];
    // (cos r - 1 + r^2 / 2) / r^4 in r^2; relative error 2^-30.04.
    const COS: &'static [Self] = &[f32::from_bits(0x3d2aaaa5), f32::from_bits(0xbab605d8), f32::from_bits(0x37cce1e8)];
    // (1 + a) e^(a^2 / 2) Q(a) in t = (a - 4) / (a + 4), Q the normal tail; relative error 2^-25.38.
    const TAIL: &'static [Self] = &[
        f32::from_bits(0x3ef1b0f5),
        f32::from_bits(0xbdc60c78),
        f32::from_bits(0x3c655e94),
        f32::from_bits(0x3cea4a7b),
        f32::from_bits(0xbd03e15e),
        f32::from_bits(0x3c92f762),
        f32::from_bits(0xbba3f825),
        f32::from_bits(0xb99f16f5),
        f32::from_bits(0x3a3575c1),
        f32::from_bits(0xb8811163),
        f32::from_bits(0xb896f5ae),
    ];
    // erf(x) / x - 1 in x^2, relative to erf(x) / x; relative error 2^-28.33.
    const ERF: &'static [Self] = &[
        f32::from_bits(0x3e0375d4),
        f32::from_bits(0xbec09399),
        f32::from_bits(0x3de71279),
        f32::from_bits(0xbcdb3173),
        f32::from_bits(0x3b9a956c),
    ];
    const ROOT_TWO: [Self; 2] = [f32::from_bits(0x3fb504f3), f32::from_bits(0x32cfe77a)];
    const NORMAL: [Self; 2] = [f32::from_bits(0x3ecc422a), f32::from_bits(0xb242bc9b)];
    const LOG2_E: Self = f32::from_bits(0x3fb8aa3b);
    const LN_2: [Self; 2] = [f32::from_bits(0x3f317200), f32::from_bits(0x35bfbe8e)];
    const TWO_OVER_PI: Self = f32::from_bits(0x3f22f983);
    const HALF_PI: [Self; 3] = [f32::from_bits(0x3fc90fdb), f32::from_bits(0xb33bbd2e), f32::from_bits(0xa6f72ced)];
}

impl Tables for f64 {
    // (e^r - 1 - r) / r^2, relative to (e^r - 1) / r; relative error 2^-55.41.
    const EXP: &'static [Self] = &[
        f64::from_bits(0x3fe0000000000005),
        f64::from_bits(0x3fc555555555555c),
        f64::from_bits(0x3fa5555555552098),
        f64::from_bits(0x3f8111111110e675),
        f64::from_bits(0x3f56c16c17f50ada),
        f64::from_bits(0x3f2a01a01b5fe321),
        f64::from_bits(0x3efa019a63599036),
        f64::from_bits(0x3ec71dde9a5e4554),
        f64::from_bits(0x3e928a2ff2845b07),
        f64::from_bits(0x3e5af775144de879),
    ];
    // (ln((1 + s) / (1 - s)) - 2 s) / s^3 in s^2; relative error 2^-59.07.
    const LN: &'static [Self] = &[
        f64::from_bits(0x3fe5555555555589),
        f64::from_bits(0x3fd99999999821eb),
        f64::from_bits(0x3fd2492494062b69),
        f64::from_bits(0x3fcc71c53118a83a),
        f64::from_bits(0x3fc7466115fc6669),
        f64::from_bits(0x3fc39a5a875ec48f),
        f64::from_bits(0x3fc2ee314b11bc27),
    ];
    // (sin r - r) / r^3 in r^2; relative error 2^-57.32.
    const SIN: &'static [Self] = &[
        f64::from_bits(0xbfc5555555555549),
        f64::from_bits(0x3f8111111110f880),
        f64::from_bits(0xbf2a01a019c12599),
        f64::from_bits(0x3ec71de357866a40),
        f64::from_bits(0xbe5ae5e66cafee00),
        f64::from_bits(0x3de5d932c9dba696),
    ];
    // (cos r - 1 + r^2 / 2) / r^4 in r^2; relative error 2^-60.93.
    const COS: &'static [Self] = &[
        f64::from_bits(0x3fa5555555555553),
        f64::from_bits(0xbf56c16c16c15ee6),
        f64::from_bits(0x3efa01a019dd1dd0),
        f64::from_bits(0xbe927e4f8c151915),
        f64::from_bits(0x3e21eea5bb9f8898),
        f64::from_bits(0xbda8fe344da2ae7d),
    ];
    // (1 + a) e^(a^2 / 2) Q(a) in t = (a - 4) / (a + 4), Q the normal tail; relative error 2^-54.26.
    const TAIL: &'static [Self] = &[
        f64::from_bits(0x3fde361ea6fba141),
        f64::from_bits(0xbfb8c18f2086e34a),
        f64::from_bits(0x3f8cabd72a60f92d),
        f64::from_bits(0x3f9d4969f10dfef1),
        f64::from_bits(0xbfa07c3c2582c28a),
        f64::from_bits(0x3f925dd7206045d3),
        f64::from_bits(0xbf747d5fc744dad1),
        f64::from_bits(0xbf32b7f5e1675c38),
        f64::from_bits(0x3f46c53830512f6b),
        f64::from_bits(0xbf18c11ad2d363e2),
        f64::from_bits(0xbf1707bb306b5d76),
        f64::from_bits(0x3ef64836c06fca1a),
        f64::from_bits(0x3eec93fc755456a7),
        f64::from_bits(0xbeccc900ddf28d99),
        f64::from_bits(0xbec5ec3b16a53d74),
        f64::from_bits(0x3e9b055500140953),
        f64::from_bits(0x3ea28ad3edccf371),
        f64::from_bits(0x3e33461e6f6c599f),
        f64::from_bits(0xbe7dd8df297fdf38),
        f64::from_bits(0xbe58bd572bce08b4),
        f64::from_bits(0x3e5270f848ba2be8),
        f64::from_bits(0x3e4167aea5eac29c),
        f64::from_bits(0xbe102961d61ab147),
        f64::from_bits(0xbe15dbf5a95d5702),
        f64::from_bits(0xbdeea914775297d6),
    ];
    // erf(x) / x - 1 in x^2, relative to erf(x) / x; relative error 2^-55.66.
    const ERF: &'static [Self] = &[
        f64::from_bits(0x3fc06eba8214db69),
        f64::from_bits(0xbfd812746b0379e6),
        f64::from_bits(0x3fbce2f21a042b24),
        f64::from_bits(0xbf9b82ce3127f3de),
        f64::from_bits(0x3f7565bcd0a9493b),
        f64::from_bits(0xbf4c02db236c0cdf),
        f64::from_bits(0x3f1f9a2a4fae8263),
        f64::from_bits(0xbeef4bb71f4f8f37),
        f64::from_bits(0x3ebb7732bcc2fb06),
        f64::from_bits(0xbe839e4dd3f011b3),
    ];
    const ROOT_TWO: [Self; 2] = [f64::from_bits(0x3ff6a09e667f3bcd), f64::from_bits(0xbc9bdd3413b26456)];
    const NORMAL: [Self; 2] = [f64::from_bits(0x3fd9884533d43651), f64::from_bits(0xbc7cbc0d30ebfd15)];
    const LOG2_E: Self = f64::from_bits(0x3ff71547652b82fe);
    const LN_2: [Self; 2] = [f64::from_bits(0x3fe62e42fefa4000), f64::from_bits(0xbd48432a1b0e2634)];
    const TWO_OVER_PI: Self = f64::from_bits(0x3fe45f306dc9c883);
    const HALF_PI: [Self; 3] =
        [f64::from_bits(0x3ff921fb54442d18), f64::from_bits(0x3c91a62633145c07), f64::from_bits(0xb91f1976b7ed8fbc)];
}
