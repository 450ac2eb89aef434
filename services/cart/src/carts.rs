//! The carts. One that its user never touched is a function of the user's
//! name, so that every user of a load test has something to buy and only those
//! who change theirs take memory.

use std::collections::HashMap;

use proto::shop::Line;

/// Products there are; inventory refuses any other.
const PRODUCTS: u64 = 500;
/// A cart holds at most this many lines.
const MOST_LINES: usize = 50;

/// All carts that somebody touched.
#[derive(Default)]
pub(crate) struct Carts {
    touched: HashMap<String, Vec<Line>>,
}

impl Carts {
    /// What `user` is about to buy.
    pub(crate) fn lines(&self, user: &str) -> Vec<Line> {
        self.touched.get(user).cloned().unwrap_or_else(|| untouched(user))
    }

    /// Adds to the cart; false if it is full.
    pub(crate) fn add(&mut self, user: &str, line: Line) -> bool {
        let lines = self.touched.entry(user.to_owned()).or_insert_with(|| untouched(user));
        if let Some(known) = lines.iter_mut().find(|known| known.sku == line.sku) {
            known.quantity = known.quantity.saturating_add(line.quantity);
            return true;
        }
        if lines.len() >= MOST_LINES {
            return false;
        }
        lines.push(line);
        true
    }

    /// The cart was bought; the user starts over.
    pub(crate) fn bought(&mut self, user: &str) {
        self.touched.remove(user);
    }
}

/// One to three products, always the same for the same user.
fn untouched(user: &str) -> Vec<Line> {
    let seed = user.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    (0..=seed % 3)
        .map(|number| {
            let product = seed.wrapping_mul(2_654_435_761).wrapping_add(number * 101) % PRODUCTS + 1;
            Line { sku: format!("sku-{product:04}"), quantity: 1 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sku: &str, quantity: u32) -> Line {
        Line { sku: sku.to_owned(), quantity }
    }

    #[test]
    fn every_user_has_something_to_buy() {
        let carts = Carts::default();
        assert!((0..1_000).all(|user| !carts.lines(&format!("u{user}")).is_empty()));
        assert_eq!(carts.lines("u7"), carts.lines("u7"));
    }

    #[test]
    fn the_same_product_twice_is_one_line() {
        let mut carts = Carts::default();
        let before = carts.lines("u1").len();
        assert!(carts.add("u1", line("sku-9999", 1)));
        assert!(carts.add("u1", line("sku-9999", 2)));
        let lines = carts.lines("u1");
        assert_eq!(lines.len(), before + 1);
        assert_eq!(lines.last(), Some(&line("sku-9999", 3)));
    }

    #[test]
    fn a_bought_cart_starts_over() {
        let mut carts = Carts::default();
        let before = carts.lines("u1");
        carts.add("u1", line("sku-9999", 1));
        carts.bought("u1");
        assert_eq!(carts.lines("u1"), before);
    }
}
