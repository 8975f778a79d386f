//! Finds the tokens in what an administrator pastes: one token, several, or a whole e-mail.
//!
//! White space inside a token is dropped, so lines that a mail program wrapped are whole again. Nothing else is
//! repaired.

use std::borrow::Cow;

use crate::error::Error;
use crate::inspect::inspect;
use crate::verify::is_space;

/// Longest text that is searched, in bytes.
pub const MAX_BUNDLE: usize = 4 * 1024 * 1024;

/// Most tokens that one text may hold.
pub const MAX_TOKENS: usize = 256;

/// How every token starts: base64url of `{"`.
const START: &str = "eyJ";

/// Length of the third segment: 64 bytes in base64url.
const SIGNATURE_LENGTH: usize = 86;

/// Finds the tokens in a text, in its order, white space inside them dropped. A token that breaks off is reported in
/// its place as [`Error::Truncated`].
///
/// # Errors
/// [`Error::BundleTooLarge`] and [`Error::TooManyTokens`].
pub fn split_bundle(text: &str) -> Result<Vec<Result<Cow<'_, str>, Error>>, Error> {
    if text.len() > MAX_BUNDLE {
        return Err(Error::BundleTooLarge { limit: MAX_BUNDLE });
    }
    let mut tokens = Vec::new();
    let mut from = 0;
    let mut inside_another = false;
    while let Some(start) = next_start(text, from) {
        let candidate = Candidate::read(text, start);
        from = candidate.resume_at();
        match candidate.found {
            Found::Token(token) => tokens.push(Ok(token)),
            Found::Truncated if !inside_another => tokens.push(Err(Error::Truncated)),
            Found::Truncated | Found::Nothing => {}
        }
        if tokens.len() > MAX_TOKENS {
            return Err(Error::TooManyTokens { limit: MAX_TOKENS });
        }
        inside_another = from < candidate.end;
    }
    Ok(tokens)
}

/// The next place where a token may start: `eyJ` at the beginning of a word.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let inside_word = |byte: &u8| is_base64url(char::from(*byte)) || *byte == b'.';
    rest.match_indices('e')
        .map(|(offset, _)| from + offset)
        .filter(|&start| !start.checked_sub(1).and_then(|before| text.as_bytes().get(before)).is_some_and(inside_word))
        .find(|&start| text.get(start..).is_some_and(starts_token))
}

/// Whether the text starts like a token; a line may break there too.
fn starts_token(text: &str) -> bool {
    let mut letters = text.chars().filter(|&letter| !is_space(letter));
    START.chars().all(|expected| letters.next() == Some(expected))
}

fn is_base64url(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')
}

enum Found<'a> {
    Token(Cow<'a, str>),
    /// It got past its first dot and broke off.
    Truncated,
    /// A word that only begins like a token.
    Nothing,
}

/// A place that starts like a token, read as far as it goes.
struct Candidate<'a> {
    found: Found<'a>,
    end: usize,
    /// The first place inside where another token may start, and the segment (0, 1, 2) it lies in.
    inner: Option<(usize, u8)>,
}

impl<'a> Candidate<'a> {
    fn read(text: &'a str, start: usize) -> Self {
        let rest = text.get(start..).unwrap_or_default();
        if let Some(token) = unbroken(rest) {
            return Self { found: Found::Token(token.into()), end: start + token.len(), inner: None };
        }
        let (mut segment, mut length, mut after_space) = (0, 0, false);
        let mut inner = None;
        for (offset, letter) in rest.char_indices() {
            let here = start + offset;
            if is_space(letter) {
                after_space = true;
                continue;
            }
            if after_space && inner.is_none() && rest.get(offset..).is_some_and(starts_token) {
                inner = Some((here, segment));
                if segment == 0 {
                    return Self { found: Found::Nothing, end: here, inner };
                }
            }
            after_space = false;
            if letter == '.' && segment < 2 {
                segment += 1;
                length = 0;
            } else if is_base64url(letter) {
                length += 1;
            } else {
                return Self { found: Found::broken_off(segment), end: here, inner };
            }
            if segment == 2 && length == SIGNATURE_LENGTH {
                let end = here + 1;
                return Self {
                    found: Found::Token(without_space(text.get(start..end).unwrap_or_default())),
                    end,
                    inner,
                };
            }
        }
        Self { found: Found::broken_off(segment), end: text.len(), inner }
    }

    /// Where to look on. A token that was cut short runs on into the next one, which must not be lost; a whole token
    /// is not looked into, except in its signature, where it cannot be told whether it is whole.
    fn resume_at(&self) -> usize {
        match (self.inner, &self.found) {
            (None, _) => self.end,
            (Some((_, 1)), Found::Token(token)) if inspect(token).is_ok() => self.end,
            (Some((inner, _)), _) => inner,
        }
    }
}

/// The token at the beginning of the text, if no space interrupts it: a short cut, as almost all do.
fn unbroken(text: &str) -> Option<&str> {
    let run = |from: usize| text.as_bytes().get(from..)?.iter().position(|&byte| !is_base64url(char::from(byte)));
    let first = run(0)?;
    let second = first + 1 + run(first + 1)?;
    let dots = text.as_bytes().get(first) == Some(&b'.') && text.as_bytes().get(second) == Some(&b'.');
    let end = second + 1 + SIGNATURE_LENGTH;
    let signature = text.as_bytes().get(second + 1..end)?;
    let whole = dots && signature.iter().all(|&byte| is_base64url(char::from(byte)));
    if whole { text.get(..end) } else { None }
}

impl Found<'_> {
    const fn broken_off(segment: u8) -> Self {
        if segment == 0 { Self::Nothing } else { Self::Truncated }
    }
}

fn without_space(text: &str) -> Cow<'_, str> {
    if text.contains(is_space) { text.chars().filter(|&letter| !is_space(letter)).collect() } else { text.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn token(payload: &str) -> String {
        // {"alg":"x"} . {"a":…} . 64 zero bytes
        format!("eyJhbGciOiJ4In0.{payload}.{}", "A".repeat(86))
    }

    fn whole(payload_number: u8) -> String {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        token(&engine.encode(format!("{{\"a\":{payload_number}}}")))
    }

    fn found(text: &str) -> Vec<Option<String>> {
        split_bundle(text).unwrap().into_iter().map(|token| token.ok().map(Cow::into_owned)).collect()
    }

    #[test]
    fn a_text_without_tokens_has_none() {
        for text in ["", "  \n", "Dear customer,", "eyJ", "heyJude eyJude", "abc.def.ghi"] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn text_around_tokens_is_ignored() {
        let (one, two) = (whole(1), whole(2));
        let text = format!("Dear ACME,\n\nyour licenses: {one}, and <{two}>\nRegards, Jude Heyward");
        assert_eq!(found(&text), [Some(one), Some(two)]);
    }

    #[test]
    fn space_inside_a_token_is_dropped() {
        let one = whole(1);
        let wrapped: String =
            one.chars().flat_map(|letter| [letter, '\u{a0}', '\u{200b}', '\u{feff}', '\r', '\n']).collect();
        assert_eq!(found(&wrapped), [Some(one)]);
    }

    #[test]
    fn what_follows_the_signature_is_not_part_of_the_token() {
        let one = whole(1);
        assert_eq!(found(&format!("{one}AAAA")), [Some(one.clone())]);
        assert_eq!(found(&format!("{one}.{one}")), [Some(one)]);
    }

    #[test]
    fn a_token_cut_short_is_reported_and_swallows_nothing() {
        let (one, two) = (whole(1), whole(2));
        for cut in [17, 20, 30, one.len() - 1] {
            let text = format!("{}\n{two}", &one[..cut]);
            let last = found(&text).pop().unwrap();
            assert_eq!(last, Some(two.clone()), "cut at {cut}");
            assert_eq!(found(&one[..cut]), [None], "cut at {cut}");
        }
    }

    #[test]
    fn a_word_that_begins_like_a_token_swallows_nothing() {
        let one = whole(1);
        assert_eq!(found(&format!("eyJude, eyJ and eyJude: {one}")), [Some(one.clone())]);
        assert_eq!(found(&format!("eyJude {one}")), [Some(one)]);
    }

    #[test]
    fn a_nested_object_at_the_beginning_of_a_line_is_no_second_token() {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        // The inner object starts at a multiple of three bytes, so its text starts with eyJ too.
        let payload = engine.encode(r#"{"ab":{"c":{"d":1}}}"#);
        let at = payload.match_indices("eyJ").nth(1).map(|(at, _)| at).unwrap();
        let one = token(&payload);
        let wrapped = format!("{}\n{}\n{}", &one[..16 + at], &one[16 + at..], whole(2));
        assert_eq!(found(&wrapped), [Some(one.clone()), Some(whole(2))]);
        // Not even when the words that follow would make the rest of the token a token.
        let letter = format!("{}\n{}\nRegards. {}", &one[..16 + at], &one[16 + at..], "words ".repeat(20));
        assert_eq!(found(&letter), [Some(one)]);
    }

    #[test]
    fn there_is_a_limit_to_tokens_and_text() {
        assert_eq!((MAX_BUNDLE, MAX_TOKENS), (4_194_304, 256));
        let text = format!("{}\n", whole(1)).repeat(MAX_TOKENS);
        assert_eq!(split_bundle(&text).unwrap().len(), MAX_TOKENS);
        assert_eq!(split_bundle(&format!("{text}{text}")), Err(Error::TooManyTokens { limit: MAX_TOKENS }));
        assert!(split_bundle(&" ".repeat(MAX_BUNDLE)).is_ok());
        assert_eq!(split_bundle(&" ".repeat(MAX_BUNDLE + 1)), Err(Error::BundleTooLarge { limit: MAX_BUNDLE }));
    }

    #[test]
    fn no_text_takes_more_than_a_few_passes() {
        // Each of these would take hours if candidates were read again and again.
        for unit in ["eyJ ", "eyJa. ", "eyJa.b eyJ", "eyJ.", " eyJ.a.", "a. eyJ", " e", "e  y "] {
            let text = unit.repeat(MAX_BUNDLE / unit.len());
            let _ = split_bundle(&text);
        }
    }

    #[test]
    fn a_broken_token_is_reported_once_and_each_broken_token_is() {
        // The second line may be the rest of the first token.
        assert_eq!(found("eyJa.b\neyJc.d"), [None]);
        assert_eq!(found("eyJa.b, eyJc.d"), [None, None]);
        // After a third dot it is over.
        assert_eq!(found("eyJa.b.c.d\neyJe.f"), [None, None]);
        assert_eq!(found(&format!("{}, eyJa.b", whole(1))), [Some(whole(1)), None]);
    }
}
