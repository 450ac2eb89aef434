//! What a user of the shop does. The index is the wire and recording form, so the order is fixed.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Journey {
    Home,
    Search,
    Account,
    PrepareCheckout,
    Checkout,
}

impl Journey {
    /// In index order.
    pub const ALL: [Journey; 5] =
        [Journey::Home, Journey::Search, Journey::Account, Journey::PrepareCheckout, Journey::Checkout];

    #[must_use]
    pub fn index(self) -> u8 {
        self as u8
    }

    #[must_use]
    pub fn from_index(index: u8) -> Option<Journey> {
        Journey::ALL.get(usize::from(index)).copied()
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Journey::Home => "home",
            Journey::Search => "search",
            Journey::Account => "account",
            Journey::PrepareCheckout => "prepare_checkout",
            Journey::Checkout => "checkout",
        }
    }
}

impl fmt::Display for Journey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
