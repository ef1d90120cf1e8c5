//! Repeated structure: a stretch of lines that comes again and again is shown once.

/// What is shown of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A line, by its place.
    Line(usize),
    /// So many times more the last so many lines.
    Again { times: usize, lines: usize },
    /// So many lines that are left out.
    Left(usize),
}

/// The longest stretch that is looked for, and how often it must come.
const PERIOD: usize = 12;
const TIMES: usize = 4;

/// Folds a list of lines, told by what they look like, to at most about `most`.
pub(super) fn fold(looks: &[u64], most: usize) -> Vec<Part> {
    let (mut parts, mut shown, mut at) = (Vec::new(), 0, 0);
    while at < looks.len() {
        let repeated = |period: usize| {
            let same = looks[at..].iter().zip(&looks[at + period..]).take_while(|(a, b)| a == b).count();
            (period, same / period + 1)
        };
        let mut stretches = (1..=PERIOD.min(looks.len() - at)).map(repeated);
        let (lines, times) = stretches.find(|&(_, times)| times >= TIMES).unwrap_or((1, 1));
        if shown + lines > most {
            parts.push(Part::Left(looks.len() - at));
            return parts;
        }
        parts.extend((at..at + lines).map(Part::Line));
        shown += lines;
        if times > 1 {
            parts.push(Part::Again { times: times - 1, lines });
        }
        at += lines * times;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_shown_once() {
        use Part::{Again, Left, Line};
        assert_eq!(fold(&[1, 2, 2, 2, 3], 9), (0..5).map(Line).collect::<Vec<_>>());
        assert_eq!(fold(&[1, 2, 2, 2, 2, 3], 9), [Line(0), Line(1), Again { times: 3, lines: 1 }, Line(5)]);
        let diamonds: Vec<u64> = [7].into_iter().chain([1, 2, 3].repeat(100)).chain([4]).collect();
        let want = [Line(0), Line(1), Line(2), Line(3), Again { times: 99, lines: 3 }, Line(301)];
        assert_eq!(fold(&diamonds, 9), want);
        assert_eq!(fold(&[1, 2, 3, 4], 2), [Line(0), Line(1), Left(2)]);
    }
}
