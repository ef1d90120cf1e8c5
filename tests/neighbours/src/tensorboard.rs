//! Event files for `TensorBoard`, by prost: a scalar an epoch, from `on_epoch`.

use std::io::{self, Write};

use prost::Message;

#[derive(PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

#[derive(PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

fn masked_crc(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// A record: length, its checksum, the message, its checksum.
fn write(mut to: impl Write, event: &Event) -> io::Result<()> {
    let (data, length) = (event.encode_to_vec(), (event.encoded_len() as u64).to_le_bytes());
    to.write_all(&[&length[..], &masked_crc(&length), &data, &masked_crc(&data)].concat())
}

#[test]
fn writes_what_tensorboard_reads() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("events.out.tfevents.1.here");
    let mut file = std::fs::File::create(&path)?;
    // The time is the run's; here it is 0.
    let first = Event { wall_time: 0.0, step: 0, file_version: Some("brain.Event:2".to_owned()), summary: None };
    write(&file, &first)?;
    let line = nn::Dataset::new(ndarray::array![[0.0], [1.0]], ndarray::array![[1.0], [3.0]])?;
    let model = nn::Linear::from_weights(ndarray::array![[0.0]], ndarray::array![0.0]);
    let trainer = nn::Trainer::new(model, nn::loss::squared_error, nn::Sgd::new(0.1)).epochs(3);
    let mut trainer = trainer.on_epoch(move |epoch, history, _| {
        let value = vec![Scalar { tag: "loss/train".to_owned(), simple_value: epoch.train_loss as f32 }];
        let step = history.epochs.len() as i64;
        let event = Event { wall_time: 0.0, step, file_version: None, summary: Some(Summary { value }) };
        write(&mut file, &event).map_or(std::ops::ControlFlow::Break(()), std::ops::ControlFlow::Continue)
    });
    let history = trainer.fit(&line, &line)?;
    drop(trainer);

    let (bytes, mut events) = (std::fs::read(path)?, Vec::new());
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (length, after) = rest.split_at(8);
        let n = u64::from_le_bytes(length.try_into()?) as usize;
        assert_eq!(after[..4], masked_crc(length));
        assert_eq!(after[4 + n..8 + n], masked_crc(&after[4..4 + n]));
        events.push(Event::decode(&after[4..4 + n])?);
        rest = &after[8 + n..];
    }
    assert_eq!(events[0], first);
    let seen = events[1..].iter().map(|e| (e.step, e.summary.as_ref().expect("a summary").value[0].simple_value));
    let known = history.epochs.iter().zip(1..).map(|(epoch, step)| (step, epoch.train_loss as f32));
    assert!(seen.eq(known) && events.len() == 4);
    // As TensorFlow's files begin: 24 bytes follow, then the checksum of that.
    assert_eq!(masked_crc(&24_u64.to_le_bytes()), [0xa3, 0x7f, 0x4b, 0x22]);
    Ok(())
}
