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
    const LOG2_E: Self = f64::from_bits(0x3ff71547652b82fe);
    const LN_2: [Self; 2] = [f64::from_bits(0x3fe62e42fefa4000), f64::from_bits(0xbd48432a1b0e2634)];
    const TWO_OVER_PI: Self = f64::from_bits(0x3fe45f306dc9c883);
    const HALF_PI: [Self; 3] =
        [f64::from_bits(0x3ff921fb54442d18), f64::from_bits(0x3c91a62633145c07), f64::from_bits(0xb91f1976b7ed8fbc)];
}
