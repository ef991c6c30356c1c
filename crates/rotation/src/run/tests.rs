use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ALL: Can = Can { create: true, check: true, revoke: true };
const SHAPES: [Shape; 7] = [
    Shape::IssueDelete,
    Shape::RollInPlace,
    Shape::RollWithGrace,
    Shape::PrimarySecondary,
    Shape::DisableOnly,
    Shape::SelfRevoke,
    Shape::ConsoleOnly,
];

fn run(shape: Shape) -> Run {
    Run::start(Plan { from_version: 1, token: "t".to_owned(), shape, ..Plan::default() }, NOW)
}

fn place(id: &str, by_hand: bool) -> Placed {
    Placed { id: id.to_owned(), shown: format!("place {id}"), by_hand, at: None }
}

fn words(run: &Run) -> Vec<&'static str> {
    run.history.iter().map(|(state, _)| state.word()).collect()
}

#[test]
fn a_run_goes_through_every_state_in_order() {
    let mut run = run(Shape::ConsoleOnly);
    assert_eq!(run.next(NOW), Err(RunError::NeedsValue));
    assert_eq!(run.created(2, NOW), Ok(None));
    let effects: Vec<_> = (0..5).map(|_| run.next(NOW).unwrap()).collect();
    let expected =
        [None, Some(Effect::Promote), None, Some(Effect::RevokeOld), Some(Effect::BuryOld)];
    assert_eq!(effects, expected);
    assert_eq!(run.next(NOW), Err(RunError::Ended));
    let all = "planned created verified-new distributed overlap revoked-old verified-dead done";
    assert_eq!(words(&run).join(" "), all);
}

#[test]
fn where_making_the_new_one_ends_the_old_one_nothing_overlaps() {
    let mut run = run(Shape::RollInPlace);
    run.begin(Act::Create, NOW);
    assert_eq!(run.todo(ALL, NOW), Todo::Settle);
    assert!(!run.can_abort(), "the old one may be dead");
    run.made = true;
    assert_eq!(run.created(2, NOW), Ok(Some(Effect::Promote)), "it is the only one that works");
    assert_eq!(run.todo(ALL, NOW), Todo::TryNew);
    assert_eq!(run.abort(None, NOW), Err(RunError::NothingLeft));
    let effects: Vec<_> = (0..4).map(|_| run.next(NOW).unwrap()).collect();
    assert_eq!(effects, [None, None, Some(Effect::RevokeOld), Some(Effect::BuryOld)]);
    let all = "planned created verified-new distributed revoked-old verified-dead done";
    assert_eq!(words(&run).join(" "), all);
}

#[test]
fn a_key_that_a_person_made_in_the_console_ended_nothing() {
    let mut run = run(Shape::RollInPlace);
    assert_eq!(run.created(2, NOW), Ok(None));
    assert!(run.can_abort());
    for _ in 0..3 {
        run.next(NOW).unwrap();
    }
    assert_eq!((run.state, run.todo(ALL, NOW)), (RunState::Overlap, Todo::Revoke));
}

#[test]
fn in_an_emergency_the_old_one_goes_first() {
    let plan = Plan { from_version: 1, emergency: true, ..Plan::default() };
    let mut run = Run::start(plan, NOW);
    assert_eq!(run.todo(ALL, NOW), Todo::Revoke);
    assert_eq!(run.todo(Can::default(), NOW), Todo::ConfirmRevoked);
    assert!(run.can_abort());
    assert_eq!(run.created(2, NOW), Err(RunError::HasValue));
    assert_eq!(run.next(NOW), Ok(Some(Effect::RevokeOld)));
    assert_eq!(run.abort(None, NOW), Err(RunError::NothingLeft));
    assert_eq!(run.next(NOW), Ok(Some(Effect::BuryOld)));
    assert_eq!(run.todo(Can::default(), NOW), Todo::HandIn);
    assert_eq!(run.created(2, NOW), Ok(Some(Effect::Promote)));
    run.next(NOW).unwrap();
    run.next(NOW).unwrap();
    let all = "planned revoked-old verified-dead created verified-new distributed done";
    assert_eq!(words(&run).join(" "), all);
}

#[test]
fn every_place_is_acknowledged_before_the_value_counts_as_distributed() {
    let mut run = run(Shape::IssueDelete);
    run.set_places(vec![place("a", false), place("b", true)]);
    run.created(2, NOW).unwrap();
    run.next(NOW).unwrap();
    assert_eq!(run.todo(ALL, NOW), Todo::Push(place("a", false)));
    assert!(run.can_abort(), "no place has it yet");
    run.begin(Act::Push("a".to_owned()), NOW);
    assert!(!run.can_abort(), "a push that began may have been done");
    run.acknowledge("a", NOW).unwrap();
    assert_eq!(run.begun, None);
    assert_eq!(run.todo(ALL, NOW), Todo::Place(vec![place("b", true)]));
    let error = run.next(NOW).unwrap_err();
    assert_eq!(error.to_string(), "place b still has the old value");
    assert_eq!(run.abort(None, NOW), Err(RunError::TooLate("place a".to_owned())));
    // A place that has it is not forgotten, one that is new is waited for.
    run.set_places(vec![place("b", true), place("c", true)]);
    assert_eq!(run.places.len(), 3);
    run.acknowledge("b", NOW).unwrap();
    run.acknowledge("c", NOW).unwrap();
    assert!(matches!(run.acknowledge("x", NOW), Err(RunError::NoPlace(_))));
    assert_eq!(run.next(NOW), Ok(Some(Effect::Promote)));
}

#[test]
fn the_overlap_lasts_and_a_grace_of_the_providers_counts_instead() {
    let later = NOW + SignedDuration::from_secs(3600);
    let mut run =
        Run::start(Plan { overlap: 3600, shape: Shape::IssueDelete, ..Plan::default() }, NOW);
    run.created(2, NOW).unwrap();
    for _ in 0..3 {
        run.next(NOW).unwrap();
    }
    assert_eq!(run.todo(ALL, NOW), Todo::Wait(later));
    assert_eq!(run.todo(ALL, later), Todo::Revoke);
    let mut graced = self::run(Shape::RollWithGrace);
    graced.made = true;
    graced.created(2, NOW).unwrap();
    graced.overlap_until = Some(later);
    for _ in 0..3 {
        graced.next(NOW).unwrap();
    }
    assert_eq!(graced.todo(ALL, NOW), Todo::Wait(later));
    assert_eq!(graced.todo(ALL, later), Todo::GoOn, "it ends by itself");
}

#[test]
fn the_address_list_is_a_step_of_its_own() {
    let plan = Plan { from_version: 1, has_address_list: true, ..Plan::default() };
    let mut run = Run::start(plan, NOW);
    run.created(2, NOW).unwrap();
    assert_eq!(run.todo(ALL, NOW), Todo::Allow);
    assert_eq!(run.steps()[1], (Step::Allow, StepState::Now));
    assert_eq!(run.next(NOW), Ok(None));
    assert_eq!((run.state, run.todo(ALL, NOW)), (RunState::Created, Todo::TryNew));
    assert_eq!(run.steps()[1], (Step::Allow, StepState::Done(NOW)));
}

#[test]
fn it_aborts_until_the_value_is_out_and_not_after() {
    for steps in 0..2 {
        let mut run = run(Shape::IssueDelete);
        run.created(2, NOW).unwrap();
        for _ in 0..steps {
            run.next(NOW).unwrap();
        }
        assert_eq!(run.abort(None, NOW), Ok(Effect::DropNew));
        assert_eq!(run.abort(None, NOW), Err(RunError::Ended));
    }
    let mut run = run(Shape::IssueDelete);
    run.created(2, NOW).unwrap();
    run.next(NOW).unwrap();
    run.next(NOW).unwrap();
    let before = run.clone();
    assert!(matches!(run.abort(None, NOW), Err(RunError::TooLate(_))));
    assert_eq!(run, before);
}

#[test]
fn a_run_whose_new_key_may_be_revoked_is_only_given_up() {
    let mut run = run(Shape::IssueDelete);
    run.set_places(vec![place("b", true)]);
    run.created(2, NOW).unwrap();
    run.next(NOW).unwrap();
    run.begin(Act::RevokeNew, NOW);
    assert_eq!(run.todo(ALL, NOW), Todo::GiveUp);
    assert_eq!(run.acknowledge("b", NOW), Err(RunError::GivingUp));
    assert_eq!(run.next(NOW), Err(RunError::GivingUp));
    assert_eq!(run.abort(None, NOW), Ok(Effect::DropNew));
}

#[test]
fn a_place_whose_push_began_is_not_forgotten_with_the_list() {
    let mut run = run(Shape::IssueDelete);
    run.set_places(vec![place("a", false)]);
    run.created(2, NOW).unwrap();
    run.next(NOW).unwrap();
    run.begin(Act::Push("a".to_owned()), NOW);
    run.set_places(vec![]);
    assert_eq!(run.places.len(), 1);
    assert!(matches!(run.abort(None, NOW), Err(RunError::TooLate(_))));
}

#[test]
fn an_old_key_that_ends_by_its_time_is_not_given_back_to() {
    let mut run = run(Shape::RollWithGrace);
    run.made = true;
    run.created(2, NOW).unwrap();
    assert_eq!(run.abort(None, NOW), Err(RunError::NothingLeft));
}

#[test]
fn an_emergency_may_end_without_a_new_key() {
    let mut run = Run::start(Plan { emergency: true, ..Plan::default() }, NOW);
    run.next(NOW).unwrap();
    run.next(NOW).unwrap();
    assert_eq!(run.abort(None, NOW), Err(RunError::NothingLeft));
    assert_eq!(run.leave_dead(NOW), Ok(()));
    assert_eq!(run.todo(ALL, NOW), Todo::Nothing);
}

#[test]
fn a_run_of_an_earlier_version_is_read() {
    let text = r#"{"state":"created","from_version":1,"to_version":2,
        "history":[["planned","1970-01-01T00:00:00Z"],["created","1970-01-01T00:00:00Z"]]}"#;
    let run: Run = serde_json::from_str(text).unwrap();
    assert_eq!((run.shape, run.emergency, run.places.len()), (Shape::ConsoleOnly, false, 0));
    assert_eq!(run.todo(Can::default(), NOW), Todo::ConfirmNew);
}

proptest! {
    /// Whatever is called in whatever order: states go forward alone, the old value is never
    /// revoked in a calm run before the new one is everywhere, and what is stored is read back.
    #[test]
    fn no_order_of_calls_breaks_a_run(
        shape in prop::sample::select(SHAPES.to_vec()), emergency: bool, list: bool,
        moves in prop::collection::vec(0u8..9, 0..40),
    ) {
        let plan = Plan {
            from_version: 1, token: "t".to_owned(), shape, emergency,
            has_address_list: list, overlap: 5,
        };
        let mut run = Run::start(plan, NOW);
        run.set_places(vec![place("a", false), place("b", true)]);
        for (at, step) in moves.into_iter().enumerate() {
            let now = NOW + SignedDuration::from_secs(at as i64);
            let before = run.clone();
            let moved = match step {
                0 => run.created(2, now).map(|_| ()),
                1 => run.abort(None, now).map(|_| ()),
                2 => run.acknowledge("a", now),
                3 => run.acknowledge("b", now),
                4 => { run.begin(Act::Create, now); run.undone(); Ok(()) }
                _ => run.next(now).map(|_| ()),
            };
            if moved.is_err() {
                prop_assert_eq!(&run, &before, "a refused move changed something");
            }
            let todo = run.todo(ALL, now);
            prop_assert_eq!(run.state.ended(), todo == Todo::Nothing);
            let now_steps = run.steps().iter().filter(|(_, s)| *s == StepState::Now).count();
            prop_assert_eq!(now_steps, usize::from(!run.state.ended()));
        }
        if !emergency && let Some(revoked) = run.reached(RunState::RevokedOld) {
            prop_assert!(run.reached(RunState::Distributed).is_some_and(|at| at <= revoked));
            prop_assert!(run.places.iter().all(|place| place.at.is_some()));
        }
        let text = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run);
    }
}
