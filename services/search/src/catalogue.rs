//! What the shop sells, by words. Prices and stock are inventory's.

const KINDS: [&str; 10] =
    ["lamp", "chair", "kettle", "radio", "clock", "bottle", "jacket", "bike", "camera", "desk"];
const LOOKS: [&str; 10] =
    ["red", "blue", "oak", "steel", "tiny", "grand", "quiet", "classic", "folding", "bright"];
const MAKERS: [&str; 5] = ["Norden", "Atlas", "Juno", "Kestrel", "Mira"];

/// One product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sku: String,
    pub(crate) title: String,
}

/// All products, in the order of their numbers.
pub(crate) struct Catalogue {
    entries: Vec<Entry>,
}

impl Catalogue {
    /// Every kind in every look by every maker.
    pub(crate) fn new() -> Self {
        let mut entries = Vec::with_capacity(KINDS.len() * LOOKS.len() * MAKERS.len());
        for maker in MAKERS {
            for look in LOOKS {
                for kind in KINDS {
                    let sku = format!("sku-{:04}", entries.len() + 1);
                    entries.push(Entry { sku, title: format!("{maker} {look} {kind}") });
                }
            }
        }
        Self { entries }
    }

    /// The first `limit` products whose title has every word of `text`.
    pub(crate) fn find(&self, text: &str, limit: usize) -> Vec<&Entry> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let matches = |entry: &&Entry| {
            let title = entry.title.to_lowercase();
            words.iter().all(|word| title.contains(word.as_str()))
        };
        self.entries.iter().filter(matches).take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_in_the_title() {
        let catalogue = Catalogue::new();
        let found = catalogue.find("Red lamp", 100);
        assert_eq!(found.len(), MAKERS.len());
        assert!(found.iter().all(|entry| entry.title.contains("red lamp")));
        assert!(catalogue.find("submarine", 100).is_empty());
    }

    #[test]
    fn no_words_find_the_first_products() {
        let catalogue = Catalogue::new();
        assert_eq!(catalogue.find("", 8).len(), 8);
        assert_eq!(catalogue.find("", 8)[0].sku, "sku-0001");
    }
}
