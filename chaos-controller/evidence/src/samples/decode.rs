//! `samples.bin` back into series. A block that was cut off ends the recording and is reported; a block that makes no
//! sense is an error.

use super::series::{Samples, Scrape, Series, Source};
use super::{MAGIC, STALE, frame, value};
use crate::wire::{CodecError, Reader};

impl Samples {
    /// Reads what a [`super::SampleWriter`] wrote.
    ///
    /// # Errors
    /// The header is not ours, or a block is corrupt.
    pub fn decode(bytes: &[u8]) -> Result<Samples, CodecError> {
        let mut samples = Samples::default();
        if bytes.is_empty() {
            return Ok(samples);
        }
        let body = bytes.strip_prefix(MAGIC).ok_or(CodecError::Header { expected: "samples" })?;
        let mut frames = Reader::new(body);
        let mut decoder = Decoder::default();
        while let Some(block) = frames.frame() {
            let offset = MAGIC.len() + frames.position();
            decoder
                .block(block, &mut samples)
                .ok_or(CodecError::Corrupt { what: "sample block before", offset })?;
        }
        samples.torn = !frames.is_empty();
        Ok(samples)
    }
}

#[derive(Default)]
struct Decoder {
    /// The last whole value of each series: the base of the next difference.
    whole: Vec<i64>,
    /// The series of each source.
    members: Vec<Vec<usize>>,
}

impl Decoder {
    fn block(&mut self, block: &[u8], samples: &mut Samples) -> Option<()> {
        let mut reader = Reader::new(block);
        match reader.byte()? {
            frame::SOURCE => {
                let (service, instance) = (reader.text()?.to_owned(), reader.text()?.to_owned());
                samples.sources.push(Source { service, instance, scrapes: Vec::new() });
                self.members.push(Vec::new());
            }
            frame::SERIES => self.series(&mut reader, samples)?,
            frame::SCRAPE => self.scrape(&mut reader, samples)?,
            frame::DEAD => {
                let source = usize::try_from(reader.varint()?).ok()?;
                let t_ms = reader.varint()?;
                samples.sources.get_mut(source)?.scrapes.push(Scrape { t_ms, alive: false });
                for &index in self.members.get(source)? {
                    end(&mut samples.series[index], t_ms);
                }
            }
            _ => return None,
        }
        reader.is_empty().then_some(())
    }

    fn series(&mut self, reader: &mut Reader<'_>, samples: &mut Samples) -> Option<()> {
        let source = usize::try_from(reader.varint()?).ok()?;
        let owner = samples.sources.get(source)?;
        let name = reader.text()?.to_owned();
        let mut labels = vec![
            ("service".to_owned(), owner.service.clone()),
            ("instance".to_owned(), owner.instance.clone()),
        ];
        for _ in 0..reader.varint()? {
            labels.push((reader.text()?.to_owned(), reader.text()?.to_owned()));
        }
        self.members.get_mut(source)?.push(samples.series.len());
        self.whole.push(0);
        samples.add_series(Series { name, labels, recorded: false, points: Vec::new(), source });
        Some(())
    }

    fn scrape(&mut self, reader: &mut Reader<'_>, samples: &mut Samples) -> Option<()> {
        let source = usize::try_from(reader.varint()?).ok()?;
        let t_ms = reader.varint()?;
        samples.sources.get_mut(source)?.scrapes.push(Scrape { t_ms, alive: true });
        let mut index = 0usize;
        for _ in 0..reader.varint()? {
            index = index.checked_add(usize::try_from(reader.varint()?).ok()?)?;
            let series = samples.series.get_mut(index)?;
            let head = reader.varint()?;
            match head & 3 {
                value::WHOLE => {
                    let zigzag = head >> 2;
                    let difference = ((zigzag >> 1) as i64) ^ -((zigzag & 1) as i64);
                    let whole = self.whole.get_mut(index)?;
                    *whole = whole.checked_add(difference)?;
                    series.points.push((t_ms, *whole as f64));
                }
                value::FLOAT => {
                    let raw: [u8; 8] = reader.take(8)?.try_into().ok()?;
                    series.points.push((t_ms, f64::from_le_bytes(raw)));
                }
                value::GONE => end(series, t_ms),
                _ => return None,
            }
        }
        Some(())
    }
}

/// Puts a staleness mark, once.
fn end(series: &mut Series, t_ms: u64) {
    if series.points.last().is_some_and(|(_, value)| value.to_bits() != STALE.to_bits()) {
        series.points.push((t_ms, STALE));
    }
}
