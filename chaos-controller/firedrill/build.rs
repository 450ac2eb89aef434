//! Links the binary at a fixed address. A lab is eleven processes of it, and each
//! would otherwise relocate, and so keep resident, over a megabyte of its own.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    // A static binary is linked by other rules, and is the image's concern.
    if linux && !features.split(',').any(|feature| feature == "crt-static") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
