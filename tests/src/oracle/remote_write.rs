//! Samples to Prometheus by its remote-write protocol 1.0: protobuf in the block format of snappy. The block is written
//! as literals only, which is valid and needs no compressor. Series are made of the texts by the strict parser of the
//! tests, so nothing here shares code with what is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use prost::Message;

use super::STALE;
use crate::exposition;
use crate::scrapes::Scrape;

/// Bytes in one literal: what two bytes of length can say.
const LITERAL: usize = 1 << 16;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

type Labels = BTreeMap<String, String>;

/// What a scraper stores of these scrapes: every sample, `up`, and a staleness mark where a series ended.
pub(super) fn series(scrapes: &[Scrape], job: &str, zero_ms: u64) -> Vec<TimeSeries> {
    let mut series: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
    let mut alive: BTreeMap<&str, BTreeSet<Labels>> = BTreeMap::new();
    for scrape in scrapes {
        let timestamp = (zero_ms + scrape.t_ms) as i64;
        let mut put = |labels: Labels, value: f64| {
            series.entry(labels).or_default().push(Sample { value, timestamp });
        };
        let own = [("job", job), ("service", &scrape.service), ("instance", &scrape.instance)];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let labels = |name: &str, scraped: Labels| -> Labels {
            let name = ("__name__".to_owned(), name.to_owned());
            scraped.into_iter().chain(own.clone()).chain([name]).collect()
        };
        let text = scrape.text.as_deref();
        put(labels("up", Labels::new()), f64::from(u8::from(text.is_some())));
        let mut now = BTreeSet::new();
        for sample in exposition::parse(text.unwrap_or_default())
            .unwrap_or_else(|problem| panic!("{}: {problem}", scrape.instance))
        {
            let labels = labels(&sample.name, sample.labels);
            put(labels.clone(), sample.value);
            now.insert(labels);
        }
        let before = alive.insert(&scrape.instance, now.clone()).unwrap_or_default();
        before.difference(&now).for_each(|ended| put(ended.clone(), f64::from_bits(STALE)));
    }
    let label = |(name, value)| Label { name, value };
    let one = |(labels, samples): (Labels, _)| TimeSeries {
        labels: labels.into_iter().map(label).collect(),
        samples,
    };
    series.into_iter().map(one).collect()
}

/// Sends some series.
pub(super) fn send(address: &str, series: &[TimeSeries]) -> Result<(), String> {
    let body = block(&WriteRequest { timeseries: series.to_vec() }.encode_to_vec());
    let head = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-encoding: snappy\r\n\
         content-type: application/x-protobuf\r\nx-prometheus-remote-write-version: 0.1.0\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error| format!("failed to write to Prometheus: {error}"))?;
    if answer.starts_with("HTTP/1.1 204") {
        Ok(())
    } else {
        Err(format!("Prometheus takes no samples: {answer}"))
    }
}

/// The block format of snappy: the length, then literals of up to 64 KiB.
fn block(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(bytes.len() + bytes.len() / LITERAL * 3 + 16);
    prost::encoding::encode_varint(bytes.len() as u64, &mut block);
    for literal in bytes.chunks(LITERAL) {
        // Tag 61: a literal whose length, less one, follows in two bytes.
        block.push(61 << 2);
        block.extend_from_slice(&((literal.len() - 1) as u16).to_le_bytes());
        block.extend_from_slice(literal);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_ends_is_marked_once() {
        let scrape = |t_ms, text: Option<&str>| Scrape {
            t_ms,
            service: "cart".to_owned(),
            instance: "cart-0".to_owned(),
            text: text.map(str::to_owned),
        };
        let text = "# TYPE a gauge\na 1\n";
        let series = series(&[scrape(0, Some(text)), scrape(1, None), scrape(2, None)], "lab", 7);
        let a = &series[0];
        assert_eq!(a.labels[0].value, "a");
        let samples: Vec<_> =
            a.samples.iter().map(|sample| (sample.timestamp, sample.value.to_bits())).collect();
        assert_eq!(samples, [(7, 1f64.to_bits()), (8, STALE)]);
        let up: Vec<_> = series[1].samples.iter().map(|sample| sample.value).collect();
        assert_eq!(up, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_block_of_literals_is_as_long_as_it_says() {
        let block = block(&vec![7; LITERAL + 1]);
        assert_eq!(&block[..6], [0x81, 0x80, 0x04, 61 << 2, 0xff, 0xff]);
        assert_eq!(&block[6 + LITERAL..], [61 << 2, 0, 0, 7]);
    }
}
