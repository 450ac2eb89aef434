//! The bytes under both recordings: LEB128 varints, zigzag, strings, and frames with a length in front. A frame that
//! the writer did not finish (the controller was killed) ends the stream without an error; anything else that does
//! not decode is corruption and says where.

/// Why a recording could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("not a {expected} recording, or one of a newer version")]
    Header { expected: &'static str },
    #[error("corrupt {what} at byte {offset}")]
    Corrupt { what: &'static str, offset: usize },
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small magnitudes of either sign become small varints (the zigzag of Protocol Buffers).
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_frame(out: &mut Vec<u8>, payload: &[u8]) {
    put_varint(out, payload.len() as u64);
    out.extend_from_slice(payload);
}

/// Reads a byte slice from its start; `None` means that the bytes ran out or made no sense.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let slice = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(slice)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some(((raw >> 1) as i64) ^ -((raw & 1) as i64))
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.varint()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// The next whole frame; `None` at the end and at a frame that was cut off.
    pub(crate) fn frame(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let frame = self
            .varint()
            .and_then(|length| usize::try_from(length).ok())
            .and_then(|length| self.take(length));
        if frame.is_none() {
            self.at = start;
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_survive_the_wire(unsigned in any::<u64>(), signed in any::<i64>()) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, unsigned);
            put_signed(&mut bytes, signed);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Some(unsigned));
            prop_assert_eq!(reader.signed(), Some(signed));
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn a_cut_frame_ends_the_stream() {
        let mut bytes = Vec::new();
        put_frame(&mut bytes, b"whole");
        put_frame(&mut bytes, b"cut off");
        bytes.truncate(bytes.len() - 2);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.frame(), Some(&b"whole"[..]));
        assert_eq!(reader.frame(), None);
        assert_eq!(reader.position(), 6);
    }
}
