//! A natural logarithm whose every bit is the same on every build.
//!
//! `f64::ln` calls the platform's C library, and a glibc and a musl build may
//! differ in the last bit: enough to change a schedule's hash. This one uses
//! only additions, multiplications and divisions, which IEEE 754 rounds exactly.

/// Natural logarithm of a normal `x` > 0, good to about 4 ulp.
///
/// x = m * 2^e with m around 1, and ln m = 2 artanh((m - 1) / (m + 1)) by its
/// series; |s| <= 0.172, so the first term left out is below 1e-17.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "ln of {x}");
    const MANTISSA: u64 = (1 << 52) - 1;
    const ONE: u64 = 1023 << 52;
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & MANTISSA) | ONE);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut series = 0.0;
    for odd in (1..=21).rev().step_by(2) {
        series = series * square + 1.0 / f64::from(odd);
    }
    2.0 * s * series + exponent as f64 * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_library_to_the_last_digits() {
        for i in 1..=100_000 {
            let x = f64::from(i) / 100_000.0;
            let error = (ln(x) - x.ln()).abs();
            assert!(error <= 1e-15 * x.ln().abs().max(1.0), "ln({x}) off by {error:e}");
        }
        assert!((ln(1e-16) - 1e-16_f64.ln()).abs() < 1e-13);
    }

    #[test]
    fn its_bits_never_change() {
        // Computed by a second implementation; one ulp from glibc's.
        assert_eq!(ln(0.3).to_bits(), 13_831_473_067_500_349_216);
    }
}
