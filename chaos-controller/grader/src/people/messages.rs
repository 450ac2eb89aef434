//! What was told to others: messages, what is handed over, and the words with which the shop is declared recovered.
//! Beliefs, decisions and tasks stand by themselves.

use evidence::{Entry, Said, kind};

use super::Message;
use super::words::{is_player, seconds, spelt};
use crate::case::Case;

pub(super) fn messages(case: &Case<'_>) -> Vec<Message> {
    let players = case.recording.entries(kind::ACTION).filter(|entry| is_player(entry));
    let told = players.filter_map(|entry| {
        let (to, text) = told(entry)?;
        let by = entry.actor.clone();
        Some(Message { to, by, text, seconds: seconds(case, entry), seq: entry.seq })
    });
    told.filter(|message| !message.text.trim().is_empty()).collect()
}

/// To whom, and the words.
fn told(entry: &Entry) -> Option<(String, String)> {
    match Said::of(entry) {
        Some(Said::Say { text, to }) => Some((spelt(to), text)),
        Some(Said::HandOver { to, text }) => Some((to, text)),
        Some(_) => None,
        None if entry.text("verb") == "declare_recovered" => {
            Some(("team".to_owned(), entry.text("text").to_owned()))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::said::Audience;
    use evidence::{Said, kind};
    use serde_json::json;

    #[test]
    fn messages_name_whom_they_were_for() {
        let say = |to, text: &str| Said::Say { text: text.into(), to };
        let bed = Bed::recovered()
            .said(9_000, "ada", &say(Audience::Users, "paying is down"))
            .said(9_500, "ada", &Said::HandOver { to: "bob".into(), text: "the bank is slow".into() })
            .entry(15_000, kind::ACTION, "ada", json!({"verb": "declare_recovered", "text": "all well"}));
        let messages = told(&bed).messages;
        let to: Vec<&str> = messages.iter().map(|message| message.to.as_str()).collect();
        assert_eq!(to, ["users", "bob", "team"]);
    }

    #[test]
    fn a_declaration_without_words_tells_nobody_anything() {
        let bed = Bed::recovered().entry(
            15_000,
            kind::ACTION,
            "ada",
            json!({"verb": "declare_recovered", "text": ""}),
        );
        assert!(told(&bed).messages.is_empty());
    }

    #[test]
    fn an_older_journal_s_message_was_for_the_team() {
        let bed = Bed::recovered().entry(9_000, kind::ACTION, "script", json!({"verb": "say", "text": "x"}));
        assert_eq!(told(&bed).messages[0].to, "team");
    }
}
