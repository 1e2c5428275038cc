//! Puts spans into as few rows as their overlaps allow.

/// Rows, each known by where its last span ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    ends: Vec<u32>,
}

impl Rows {
    /// Returns the first row that is free from `from` on, and takes it up to `to`.
    pub(super) fn take(&mut self, from: u32, to: u32) -> u32 {
        let free = self.ends.iter().position(|end| *end <= from);
        let row = free.unwrap_or(self.ends.len());
        match self.ends.get_mut(row) {
            Some(end) => *end = to,
            None => self.ends.push(to),
        }
        u32::try_from(row).unwrap_or(u32::MAX)
    }

    /// Takes a row as [`Rows::take`] does, unless `limit` rows are taken there already.
    pub(super) fn take_within(&mut self, from: u32, to: u32, limit: usize) -> Option<u32> {
        let full = self.ends.len() >= limit && self.ends.iter().all(|end| *end > from);
        (!full).then(|| self.take(from, to))
    }

    /// Returns how many rows there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn spans_that_touch_share_a_row_and_spans_that_overlap_do_not() {
        let mut rows = Rows::default();
        assert_eq!(rows.take(0, 10), 0);
        assert_eq!(rows.take(10, 20), 0);
        assert_eq!(rows.take(19, 30), 1);
        assert_eq!(rows.count(), 2);
    }

    #[test]
    fn a_span_without_a_free_row_inside_the_limit_gets_none() {
        let mut rows = Rows::default();
        assert_eq!(rows.take_within(0, 10, 1), Some(0));
        assert_eq!(rows.take_within(9, 12, 1), None);
        assert_eq!(rows.take_within(10, 12, 1), Some(0));
    }
}
