//! A map from texts to few entries: a sorted vector, which takes a tenth of the code of a tree.

/// Entries by their names, in the order of the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table<T>(Vec<(String, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.0.get(self.place(name).ok()?).map(|(_, entry)| entry)
    }

    /// The entry of a name, made where there is none.
    pub(crate) fn entry(&mut self, name: &str, new: impl FnOnce() -> T) -> &mut T {
        let place = match self.place(name) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (name.to_owned(), new()));
                place
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the place was found, or made, just now")]
        &mut self.0[place].1
    }

    /// Puts an entry in, in place of the one of this name.
    pub(crate) fn insert(&mut self, name: &str, entry: T) {
        match self.place(name) {
            Ok(place) => drop(self.0.get_mut(place).map(|known| known.1 = entry)),
            Err(place) => self.0.insert(place, (name.to_owned(), entry)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_their_names_and_come_in_their_order() {
        let mut table = Table::default();
        for (name, entry) in [("b", 1), ("c", 2), ("a", 3), ("b", 4)] {
            table.insert(name, entry);
        }
        assert_eq!(table.iter().collect::<Vec<_>>(), [("a", &3), ("b", &4), ("c", &2)]);
        assert_eq!((table.get("b"), table.get("d")), (Some(&4), None));
        *table.entry("b", || 0) += 1;
        *table.entry("d", || 6) += 1;
        assert_eq!((table.get("b"), table.get("d")), (Some(&5), Some(&7)));
        table.clear();
        assert!(table.is_empty());
    }
}
