"""The fault table's rows, and the tests that state them: whoever adds a row or loses a test hears of it.

The table itself stands in the team's notes, ../shared/reference/faults.md. ``grep -A3 'row 13:'`` finds a row
here; the names of the tests carry its number where the whole bot is tested for it alone. ``python -m
tests.test_faults`` prints each row with the files its tests stand in.
"""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TABLE = TESTS.parent.parent / "shared" / "reference" / "faults.md"

STATED = """
row 1: Slack asks to reconnect: done at once, nothing lost
    test_slack_asking_to_reconnect_gets_a_new_connection
    test_row_1_slack_asking_to_reconnect_loses_no_question
row 2: half-open socket: noticed by its pings
    test_row_2_a_half_open_socket_is_noticed_within_five_pings_and_so_within_25_seconds
row 3: ticket refused: a new one within a minute
    test_a_refused_ticket_is_followed_by_a_new_one
    test_row_3_a_refused_ticket_is_replaced_within_a_minute
row 4: bad token at the start: status 2 and a clear sentence
    test_row_4_a_bad_token_at_the_start_is_named_and_the_status_is_two
    test_a_bot_token_that_slack_refuses_is_named_with_its_page
row 5: token revoked later: unready, no hot loop
    test_rows_5_and_6_a_bot_that_lost_slack_for_good_is_unready_and_logs_it_without_a_hot_loop
    test_a_revoked_token_makes_the_bot_unready_without_a_hot_loop
row 6: Socket Mode switched off: unready, said in the log
    test_rows_5_and_6_a_bot_that_lost_slack_for_good_is_unready_and_logs_it_without_a_hot_loop
row 7: the same event again: one answer
    test_row_7_the_same_event_four_times_is_one_answer
row 8: an edited mention: no second answer
    test_row_8_an_edited_mention_is_not_asked_again
    test_row_8_a_mention_edited_in_is_not_answered_while_the_first_is_being_written
row 9: mention and message event: one answer
    test_row_9_a_mention_and_its_message_event_are_one_answer
    test_row_9_a_mention_in_a_direct_message_is_one_answer_too
row 10: two replicas, one event: one answer
    test_an_event_that_reaches_two_replicas_at_once_is_answered_once
    test_a_replica_killed_in_its_answer_is_succeeded_and_an_event_that_both_get_is_answered_once
row 11: database down at intake: no acknowledgement, answered later
    test_row_11_a_question_that_the_database_cannot_take_is_not_acknowledged_and_answered_later
    test_without_postgresql_a_question_is_not_acknowledged_and_with_it_again_answered_once
row 12: killed after the acknowledgement: answered after the restart, or by a neighbour within a minute
    test_row_12_killed_after_the_acknowledgement_it_answers_after_the_restart
    test_a_killed_bot_answers_after_its_restart_in_one_message
    test_a_living_replica_takes_over_from_a_dead_one_within_a_minute
row 13: killed after the post: no second post
    test_row_13_killed_after_the_post_it_finds_its_reply_again_and_posts_no_second_one
    test_row_13_killed_in_its_answer_it_writes_the_answer_anew_into_the_same_reply
row 14: a post's response lost: no duplicate
    test_row_14_a_post_whose_response_was_lost_is_not_repeated
row 15: 429: Retry-After is kept to, a minute at most
    test_row_15_a_rate_limit_delays_the_answer_by_what_slack_asked
    test_row_15_a_rate_limit_on_the_last_update_delays_it_and_loses_nothing
    test_a_rate_limit_is_waited_for_as_long_as_slack_says_but_a_minute_at_most
row 16: 5xx: three more tries, a post only after looking
    test_row_16_a_post_that_slack_answers_with_502_is_tried_again_after_looking
    test_a_slack_that_stays_down_is_given_up_after_three_more_tries
row 17: archived, not in the channel: no retry
    test_row_17_a_channel_that_refuses_is_asked_once_and_the_next_question_is_answered
row 18: too long: split
    test_row_18_an_answer_of_thirteen_thousand_characters_arrives_whole
row 19: parent deleted: nothing stays at top level
    test_row_19_a_question_deleted_before_its_reply_leaves_nothing_at_top_level
row 20: placeholder deleted: dropped
    test_row_20_a_reply_that_somebody_deletes_stops_the_model_and_is_not_posted_again
row 21: bots talking to the bot: silence
    test_row_21_a_bot_that_mentions_the_bot_gets_no_answer
    test_row_21_the_bots_own_reply_with_a_mention_in_it_starts_no_second_answer
row 22: Ollama refused: links and an apology within five seconds
    test_without_ollama_the_best_articles_come_with_one_sentence_naming_the_address
    test_22_a_closed_port_is_said_to_be_no_ollama_within_five_seconds
row 23: model not pulled: named with its pull; still ready, since articles are shown without it
    test_a_model_that_was_never_pulled_is_named_with_its_pull
    test_23_a_model_that_was_never_pulled_is_named_with_the_pull_that_brings_it
    test_a_missing_model_is_told_but_leaves_it_ready
row 24: 503: asked again
    test_row_24_a_busy_model_is_asked_again_and_the_person_notices_nothing
    test_24_a_server_that_stays_busy_is_asked_twice_and_not_more
row 25: no first token: stopped, articles instead
    test_25_without_a_first_token_the_request_is_dropped_and_not_repeated
    test_row_25_where_the_model_never_begins_people_get_the_articles
row 26: stall within the answer: cut, and shown so
    test_26_an_answer_that_stalls_is_cut_and_keeps_what_came
    test_a_cut_answer_says_so_and_keeps_what_was_written
row 27: an answer without its end: never shown as complete
    test_row_27_an_answer_without_its_end_is_shown_as_cut_with_its_articles
    test_27_an_answer_without_its_end_is_never_taken_for_complete
row 28: out of memory again and again: left alone
    test_row_28_after_five_failures_the_model_is_left_alone_and_people_get_articles
    test_28_five_failures_open_the_breaker_and_a_trial_closes_it
row 29: prompt too long: fewer articles, never silently cut
    test_row_29_in_a_small_context_the_articles_are_fewer_and_nothing_is_cut_in_silence
    test_29_a_prompt_that_does_not_fit_is_refused_and_not_cut
    test_prompt_and_answer_always_fit_the_context_and_no_sentence_is_cut
row 30: fifty questions of one person: others are served
    test_rows_30_and_31_a_flood_of_one_person_is_refused_politely_and_others_are_served_first
    test_fifty_questions_of_one_person_do_not_hold_up_another
row 31: queue full: a polite refusal
    test_rows_30_and_31_a_flood_of_one_person_is_refused_politely_and_others_are_served_first
    test_a_question_too_many_is_refused_politely_and_once
row 32: SIGTERM: finished within 30 s, or resumed
    test_row_32_sigterm_lets_the_answer_under_way_end_and_leaves_with_status_zero
    test_sigterm_parks_an_answer_within_its_grace_and_a_second_start_writes_it
row 33: killed during a commit: the old index serves
    test_a_refresh_killed_at_any_point_leaves_a_whole_index
row 34: corrupt segment: the generation before serves
    test_a_corrupt_segment_makes_the_generation_before_serve
    test_a_damaged_generation_is_passed_over_for_the_one_before
row 35: disk full: the old index, and a failure that says so
    test_a_full_disk_leaves_the_old_index
    test_row_35_on_a_full_disk_a_refresh_says_so_a_question_waits_and_the_old_index_answers
row 36: two refreshes: one runs
    test_of_two_refreshes_at_once_one_works_and_the_other_says_so
    test_two_refreshes_asked_for_at_once_are_one
row 37: repository offline or refusing: the old index, and its age
    test_an_offline_or_refusing_remote_leaves_the_old_index
    test_row_37_an_offline_blog_is_told_to_the_administrator_and_the_old_index_answers
    test_a_blog_that_is_away_is_reported_by_one_replica_and_its_return_too
    test_what_is_counted_and_measured_is_shown
row 38: force-push: the right index
    test_a_force_push_gives_the_right_index
row 39: rename, delete: the old link is gone
    test_the_link_of_a_renamed_or_deleted_article_is_gone
row 40: symlinks, submodules, LFS, binary, huge: skipped and counted
    test_what_is_no_article_is_counted_by_reason
    test_what_is_no_readable_file_is_skipped_and_counted
row 41: invalid UTF-8, bad front matter: the rest is indexed
    test_what_is_no_article_is_counted_by_reason
    test_any_file_is_an_article_of_bounded_parts_or_skipped_with_a_reason
row 42: many articles gone: refused, and said
    test_a_large_loss_is_refused_until_asked_for
    test_row_42_a_blog_that_lost_its_articles_is_refused_and_the_old_index_answers
    test_the_first_failure_of_a_streak_is_told_with_its_mend_and_so_is_its_end
row 43: missed nightly run: made up at the start
    test_row_43_a_bot_that_was_down_at_night_follows_the_blog_when_it_starts
    test_a_night_missed_while_the_bot_was_down_is_made_up_for_at_start
    test_two_replicas_refresh_each_their_index_and_announce_a_night_once
row 44: clocks change: exactly one run
    test_row_44_however_often_it_restarts_a_bot_refreshes_once_a_day_while_clocks_change
    test_every_day_has_exactly_one_run_when_clocks_change
row 45: a ping in an article: pings nobody
    test_rows_45_and_46_an_article_that_pings_or_links_does_neither_through_the_model
    test_whatever_people_articles_and_models_write_each_version_of_the_reply_is_harmless
row 46: a link in an article: none in the answer
    test_rows_45_and_46_an_article_that_pings_or_links_does_neither_through_the_model
    test_row_46_what_the_model_makes_up_is_no_link_either
row 47: forged or old signature: 401
    test_row_47_what_slack_did_not_sign_now_is_refused_and_asks_nothing
    test_row_47_a_signed_request_sent_again_by_an_eavesdropper_is_one_question
row 48: a refresh by anyone but an administrator: refused
    test_row_48_who_is_no_administrator_may_not_refresh
    test_row_48_where_slack_does_not_tell_who_is_an_administrator_nobody_else_is
row 49: secrets and texts in logs: none
    test_answers_follow_ups_opinions_and_shared_answers_leave_no_text
    test_credentials_in_the_blogs_address_are_shown_to_nobody
    test_a_secret_is_blanked_in_events_values_tracebacks_and_libraries_lines
"""


def rows() -> dict[int, list[str]]:
    """The names of each row's tests."""
    found: dict[int, list[str]] = {}
    for line in STATED.strip().splitlines():
        if head := re.match(r"row (\d+): ", line):
            tests = found[int(head[1])] = []
        else:
            tests.append(line.strip())
    return found


def homes() -> dict[str, str]:
    """The file that each test of the suite stands in."""
    return {
        node.name: file.name
        for file in sorted(TESTS.rglob("test_*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_each_row_is_stated_by_tests_that_exist() -> None:
    found = homes()
    missing = {row: [test for test in tests if test not in found] for row, tests in rows().items()}
    assert sorted(rows()) == list(range(1, 50))
    assert all(rows().values())
    assert not {row: tests for row, tests in missing.items() if tests}


@pytest.mark.shared
def test_the_rows_are_those_of_the_table() -> None:
    if not TABLE.exists():
        pytest.skip("the team's notes ../shared are not here")
    numbered = re.findall(r"^\|(\d+)\|", TABLE.read_text(), re.MULTILINE)
    assert set(rows()) == {int(number) for number in numbered}


def test_the_page_of_threats_points_to_tests_that_exist() -> None:
    found: dict[str, list[str]] = {}
    for name, file in homes().items():
        found.setdefault(file, []).append(name)
    shown = re.findall(r"`(test_\w+)`((?: \"\w+\",?)*)", (TESTS.parent / "deploy" / "THREATS.md").read_text())
    assert len(shown) > 20
    for module, words in shown:
        for word in re.findall(r"\w+", words) or ["test_"]:
            assert any(word in name for name in found[f"{module}.py"]), (module, word)


if __name__ == "__main__":
    for row, tests in rows().items():
        for test in tests:
            print(f"{row:>2}  {homes()[test]}::{test}")
