//! The words of the scorecard and of whoever marks it. What a criterion measures, field by field, is in
//! `docs/scorecard.md`; here is what the word means to whoever meets it on a page.

use super::words::Word;

const CARD: &str = "docs/scorecard.md";

pub(super) const WORDS: [Word; 22] = [
    Word {
        names: &["void"],
        is: "The run proves nothing: a proof does not hold, a required criterion is unknown, or it was interrupted. Neither passed \
             nor failed.",
        facts: &[("exit code", "98"), ("next", "the `reason` names the proof; play it again"), ("see", CARD)],
    },
    Word {
        names: &["proof", "proofs"],
        is: "What makes the experiment sound, whoever plays: baseline, dose, trigger_removed, generator, clean, sealed. One that does \
             not hold makes the run void.",
        facts: &[("see", CARD)],
    },
    Word {
        names: &["criterion", "criteria"],
        is: "One thing that \"recovered\" needs, with its value, its threshold and its evidence: pass, fail or unknown, and unknown is \
             never a pass.",
        facts: &[("see", CARD)],
    },
    Word {
        names: &["hold"],
        is: "The time right after the recovered windows in which goodput must stay at the threshold: a recovery that does not last is \
             none.",
        facts: &[
            ("set by", "`drill.recovered.hold`"),
            ("shows in", "the criterion `hold`; recovery is verified when the hold has passed"),
        ],
    },
    Word {
        names: &["recovered", "recovery"],
        is: "Every journey's goodput was at the threshold in each of the windows in a row, while the trigger was still on or, if the \
             drill says so, after it was gone.",
        facts: &[
            ("set by", "`drill.recovered`"),
            (
                "shows in",
                "`measures.time_to.recovery` (the windows began), `verified_recovery` (the hold had passed)",
            ),
        ],
    },
    Word {
        names: &["replay"],
        is: "The trigger is fired once more after the recovery: what was only luck does not survive it.",
        facts: &[("set by", "`drill.replay`"), ("shows in", "the criterion `replay`")],
    },
    Word {
        names: &["handover"],
        is: "The moment from which whoever plays may act. A person's times count from it, and a script's from the fault.",
        facts: &[("shows in", "`measures.time_to.since_handover`, `firedrill compare --progress`")],
    },
    Word {
        names: &["mitigation"],
        is: "What makes users better off before the cause is gone. The first act that helped is the change after which goodput rose by \
             at least 0.1 and stayed.",
        facts: &[("shows in", "`measures.mitigation`, `measures.time_to.mitigation`")],
    },
    Word {
        names: &["blast radius"],
        is: "Who was hit, and by how much: users, and each journey's goodput below its objective.",
        facts: &[
            ("shows in", "`measures.blast_radius`"),
            ("in a drill", "`drill.blast_radius` is how far it may go"),
        ],
    },
    Word {
        names: &["learn"],
        is: "The mode without a clock: 8 hours, the trouble holds until it is declared over, hints and the solution are free.",
        facts: &[("play", "`firedrill run DRILL --mode learn`"), ("see", "docs/people.md")],
    },
    Word {
        names: &["practice"],
        is: "The usual mode: the drill's budget of time; hints and the solution may be asked for, and that is put on record.",
        facts: &[("see", "docs/people.md")],
    },
    Word {
        names: &["assessed"],
        is: "The mode of an interview: the drill's budget and an agenda; what follows a hint is graded as helped, and only operators \
             see the solution before the end.",
        facts: &[("play", "`firedrill run DRILL --mode assessed`"), ("see", "docs/people.md")],
    },
    Word {
        names: &["gate"],
        is: "The mode of CI: a script plays, a line per criterion is written, and the exit code decides.",
        facts: &[("play", "`firedrill run DRILL --candidate NAME --gate`"), ("see", "deploy/ci/README.md")],
    },
    Word {
        names: &["rubric"],
        is: "Four rows, each marked novice, intermediate, expert or left blank: incident_response, system_thinking, mitigation_speed, \
             postmortem_quality. Every mark is counted from facts.",
        facts: &[("read", "`firedrill review show`"), ("see", CARD)],
    },
    Word {
        names: &["incident_response"],
        is: "Row of the rubric: the page was heard, severity and roles were called, users came first, people were told, and every \
             change had its reason and its way back.",
        facts: &[("see", CARD)],
    },
    Word {
        names: &["system_thinking"],
        is: "Row of the rubric: the diagnosis names the cause, the mechanism and how it spread, blames no victim, and somebody asked \
             whom it hit.",
        facts: &[("graded from", "`firedrill diagnose`"), ("see", "docs/diagnosis.md")],
    },
    Word {
        names: &["mitigation_speed"],
        is: "Row of the rubric: something helped soon, the shop came back and stayed, by more than one lever, inside the bounds and \
             without costing money.",
        facts: &[("see", CARD)],
    },
    Word {
        names: &["postmortem_quality"],
        is: "Row of the rubric: what the check of `postmortem.md` finds. Blameless, whole, with owners and dates; an expert's actions \
             are proven by a rerun.",
        facts: &[("check", "`firedrill postmortem RUN --check`"), ("see", CARD)],
    },
    Word {
        names: &["signal", "signals"],
        is: "Seven scores of whoever played, 1 to 5, each the share of its facts that hold; blank where a run cannot show it.",
        facts: &[("read", "`firedrill review show`"), ("see", CARD)],
    },
    Word {
        names: &["readiness"],
        is: "At least 4 on average and none below 3, over the signals and rows of the self-score that a run sampled. Unknown with \
             fewer than four of them, or where the run is void.",
        facts: &[("mind", "one's own scores open no gate"), ("see", CARD)],
    },
    Word {
        names: &["overrule", "overruled", "overrules"],
        is: "A person's mark in the machine's place, with a reason. One that is given without overruling stands beside the machine's. \
             Both stay on record.",
        facts: &[(
            "say",
            "`firedrill review overrule ROW MARK -m REASON`, `firedrill review mark ROW MARK -m REASON`",
        )],
    },
    Word {
        names: &["self-score", "self-scores"],
        is: "What whoever played says of themselves, 1 to 5 on six rows, beside what the run shows.",
        facts: &[("say", "`firedrill review self-score`"), ("see", CARD)],
    },
];
