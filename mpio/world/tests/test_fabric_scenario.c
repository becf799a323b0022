/* SPDX-License-Identifier: MIT */
/* Timelines applied to a fabric, and random schedules that keep their promises. */
#include <stdio.h>

#include "test_fabric_support.h"
#include "world/scenario.h"

#define FOUR_PATHS                                                                                  \
    "[machine node0]\n[hba hba0]\n[hba hba1]\n[array array0]\n[lun lun]\ncount = 8\n"                \
    "[link a]\nhba = hba0\nports = all\n[link b]\nhba = hba1\nports = all\n"
#define ONE_PATH "[machine node0]\n[hba hba0]\n[array array0]\n[lun lun]\n[link a]\n"

static struct topology *parse(const char *text)
{
    struct text_error error = {0};
    struct topology *t = topology_parse("t.ini", text, strlen(text), &error);

    if (t == NULL)
        fail_msg("line %u: %s", error.line, error.message);
    return t;
}

static struct site *the_site;

/* ---- applying -------------------------------------------------------------------------------------- */
static struct hba *find_hba(void *user, const char *name)
{
    return fabric_find_hba(((struct site *)user)->machine, name);
}

static struct array *find_array(void *user, const char *name)
{
    struct site *s = user;

    return strcmp(name, s->array.name) == 0 ? &s->array : NULL;
}

static struct scenario *start(struct site *s, struct topology *t, struct text_error *error)
{
    struct scenario_objects objects = {.hba = find_hba, .array = find_array, .user = s};

    return scenario_start(s->world, t, t->actions, t->action_count, &objects, error);
}

static void timeline_reaches_links_controllers_and_luns(void **state)
{
    struct topology *t = parse(ONE_PATH "[timeline]\n"
                                        "1s = link hba0 down\n2s = link hba0 up\n"
                                        "3s = controller array0 1 down\n"
                                        "4s = inject array0 0 3 08\n4s = unit-attention array0 0 29/00\n"
                                        "5s = resize array0 0 1M\n6s = move array0 0 1\n"
                                        "7s = unmap array0 0\n8s = path-fault hba0 target 0 busy 1\n");
    struct scenario *scenario;
    struct test_cmd c;
    struct site s;

    (void)state;
    site_init(&s, 0, WORLD_SECOND / 2);
    site_connect(&s, &s.array, 0, 0);
    scenario = start(&s, t, NULL);
    assert_int_equal(scenario_total(scenario), 9);
    world_run(s.world, WORLD_SECOND - 1);
    assert_true(fabric_link_is_up(s.hba, 0));
    world_run(s.world, WORLD_SECOND);
    assert_false(fabric_link_is_up(s.hba, 0));
    world_run(s.world, 2 * WORLD_SECOND);
    assert_true(fabric_link_is_up(s.hba, 0));
    world_run(s.world, 3 * WORLD_SECOND);
    assert_false(array_controller_is_up(&s.array, 1));
    world_run(s.world, 4 * WORLD_SECOND);
    assert_int_equal(s.array.injected, 3);
    assert_int_equal(s.array.attentions, 1);
    world_run(s.world, 8 * WORLD_SECOND);
    assert_int_equal(s.array.resized_to, 2048);
    assert_int_equal(s.array.moves, 1);
    assert_int_equal(s.array.removed, 1);
    submit(&s, &c, 0, LUN_A);
    assert_int_equal(c.cmd.status, HBA_BUSY);
    assert_int_equal(scenario_applied(scenario), 9);
    scenario_stop(scenario);
    site_end(&s);
    topology_free(t);
}

static void applied(void *user, const struct topology_action *a)
{
    unsigned *kinds = user;

    kinds[a->kind]++;
}

static unsigned seen_kinds[ACTION_COUNT];

static struct hba *only_hba(void *user, const char *name)
{
    (void)user, (void)name;
    return the_site->hba;
}

static struct array *only_array(void *user, const char *name)
{
    (void)user, (void)name;
    return &the_site->array;
}

static struct machine *only_machine(void *user, const char *name)
{
    (void)user, (void)name;
    return the_site->machine;
}

static void every_word_of_the_menu_reaches_what_it_names(void **state)
{
    struct topology *t = parse("[machine node0]\n[hba hba0]\nfabric = left\n[array array0]\naccess = both\n[lun lun]\n[link a]\n"
                               "[timeline]\n"
                               "1s = state array0 0 1 transitioning\n1s = port array0 0 1 offline\n"
                               "1s = wrong-report array0 bad-state 3\n1s = identity array0 0 77\n"
                               "1s = reshuffle array0\n1s = mask array0 0\n1s = map array0 0 9\n"
                               "1s = path-fault hba0 target 0 late-command 2 1s\n1s = expect errors\n"
                               "2s = switch left down\n3s = switch left up\n4s = power array0 off\n5s = power array0 on\n"
                               "6s = logout hba0 target 0\n7s = async-logout hba0 target 0 1s 2s\n10s = rscn hba0\n"
                               "10s = bus-reset hba0\n11s = hba hba0 power off\n12s = hba hba0 power on\n"
                               "12s = hba hba0 remove\n12500ms = hba hba0 insert\n"
                               "13s = machine node0 crash\n14s = machine node0 boot\n");
    struct scenario_objects objects = {.hba = only_hba, .array = only_array, .machine = only_machine,
                                       .applied = applied, .user = seen_kinds};
    struct text_error error = {0};
    struct scenario *scenario;
    struct site s;

    (void)state;
    site_init(&s, 0, WORLD_SECOND / 2);
    the_site = &s;
    site_connect(&s, &s.array, 0, 0);
    scenario = scenario_start(s.world, t, t->actions, t->action_count, &objects, &error);
    assert_non_null(scenario);
    world_run(s.world, WORLD_SECOND);
    assert_int_equal(s.array.forced, ARRAY_STATE_TRANSITIONING);
    assert_int_equal(s.array.offline, 2);
    assert_int_equal(s.array.lie, ARRAY_LIE_BAD_STATE);
    assert_int_equal(s.array.lies, 3);
    assert_int_equal(s.array.identity, 77);
    assert_int_equal(s.array.moves, 1);
    assert_int_equal(s.array.unmappings, 1);
    assert_int_equal(s.array.mappings, 2); /* everything, before the first is taken away; and as 9 */
    assert_int_equal(s.array.mapped_as, 9);
    world_run(s.world, 4 * WORLD_SECOND);
    assert_true(s.array.mute && s.array.dead[0] && s.array.dead[1]);
    assert_false(fabric_link_is_up(s.hba, 0));
    world_run(s.world, 6 * WORLD_SECOND - 1);
    assert_true(!s.array.mute && fabric_link_is_up(s.hba, 0));
    world_run(s.world, 6 * WORLD_SECOND);
    assert_false(fabric_link_is_up(s.hba, 0));
    world_run(s.world, 12 * WORLD_SECOND);
    assert_int_equal(s.machine->state, MACHINE_RUNNING);
    world_run(s.world, 14 * WORLD_SECOND);
    assert_int_equal(s.machine->state, MACHINE_CRASHED);
    assert_int_equal(scenario_applied(scenario), 23);
    assert_int_equal(seen_kinds[ACTION_EXPECT], 1);
    assert_int_equal(seen_kinds[ACTION_POWER], 2);
    scenario_stop(scenario);
    site_end(&s);
    topology_free(t);
}

static void flap_goes_down_and_up_as_often_as_asked(void **state)
{
    struct topology *t = parse(ONE_PATH "[timeline]\n1s = flap hba0 3 times 1s\n");
    struct scenario *scenario;
    struct site s;

    (void)state;
    site_init(&s, 0, WORLD_SECOND / 2);
    site_connect(&s, &s.array, 0, 0);
    scenario = start(&s, t, NULL);
    assert_int_equal(scenario_total(scenario), 6);
    for (unsigned second = 1; second <= 6; second++) {
        world_run(s.world, second * WORLD_SECOND);
        assert_int_equal(fabric_link_is_up(s.hba, 0), second % 2 == 0);
    }
    world_run(s.world, 20 * WORLD_SECOND);
    assert_int_equal(scenario_applied(scenario), 6);
    scenario_stop(scenario);
    site_end(&s);
    topology_free(t);
}

static void stopped_scenario_does_nothing_more(void **state)
{
    struct topology *t = parse(ONE_PATH "[timeline]\n1s = link hba0 down\n");
    struct site s;

    (void)state;
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, 0);
    scenario_stop(start(&s, t, NULL));
    world_run(s.world, 2 * WORLD_SECOND);
    assert_true(fabric_link_is_up(s.hba, 0));
    site_end(&s);
    topology_free(t);
}

static void missing_object_is_named_with_its_line(void **state)
{
    struct topology *t = parse(FOUR_PATHS "[timeline]\n1s = link hba0 down\n1s = link hba1 down\n");
    struct text_error error = {0};
    struct site s;

    (void)state;
    site_init(&s, 0, 0); /* has no hba1 */
    site_connect(&s, &s.array, 0, 0);
    assert_null(start(&s, t, &error));
    assert_int_equal(error.line, 15);
    assert_non_null(strstr(error.message, "hba1"));
    site_end(&s);
    topology_free(t);
}

static void flaps_beyond_the_step_limit_are_refused(void **state)
{
    char text[6000] = ONE_PATH "[timeline]\n";
    struct text_error error = {0};
    struct scenario *scenario;
    struct topology *t;
    struct site s;

    (void)state;
    for (unsigned i = 0; i < SCENARIO_MAX_STEPS / 2 / TOPOLOGY_MAX_FLAPS; i++)
        strcat(text, "1s = flap hba0 10000 times 1ms\n");
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, 0);
    t = parse(text);
    scenario = start(&s, t, &error);
    assert_non_null(scenario);
    assert_int_equal(scenario_total(scenario), SCENARIO_MAX_STEPS);
    scenario_stop(scenario);
    topology_free(t);
    strcat(text, "1s = link hba0 down\n");
    t = parse(text);
    assert_null(start(&s, t, &error));
    assert_non_null(strstr(error.message, "1000001 steps"));
    topology_free(t);
    site_end(&s);
}

/* ---- random schedules --------------------------------------------------------------------------------- */
static struct scenario_plan *draw(uint64_t seed, const struct topology *t,
                                  const struct scenario_random_options *options)
{
    struct world_options world_options = {.seed = seed};
    struct world *w = world_create(&world_options);
    struct scenario_plan *plan = scenario_random(w, t, options, NULL);

    world_destroy(w);
    return plan;
}

/* The longest time without any path, from the plan's words alone: replayed change by change. */
static uint64_t longest_blackout(const struct scenario_plan *plan)
{
    bool cable[2] = {true, true}, link[2][2] = {{true, true}, {true, true}}, controller[2] = {true, true};
    uint64_t dark_since = WORLD_NEVER, longest = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct topology_action *a = &plan->actions[i];
        bool any = false;

        if (a->kind == ACTION_LINK && a->target == HBA_ALL_TARGETS)
            cable[a->hba] = a->up;
        else if (a->kind == ACTION_LINK)
            link[a->hba][a->target] = a->up;
        else if (a->kind == ACTION_CONTROLLER)
            controller[a->controller] = a->up;
        for (unsigned h = 0; h < 2; h++)
            for (unsigned c = 0; c < 2; c++)
                any = any || (cable[h] && link[h][c] && controller[c]);
        if (!any && dark_since == WORLD_NEVER)
            dark_since = a->time;
        if (any && dark_since != WORLD_NEVER) {
            if (a->time - dark_since > longest)
                longest = a->time - dark_since;
            dark_since = WORLD_NEVER;
        }
    }
    assert_true(dark_since == WORLD_NEVER && cable[0] && cable[1] && controller[0] && controller[1]);
    return longest;
}

static void random_schedule_never_darkens_an_array_longer_than_allowed(void **state)
{
    struct scenario_random_options options = {
        .start = WORLD_SECOND, .duration = 60 * WORLD_SECOND, .minimum = 10, .maximum = 40,
        .kinds = 1u << SCENARIO_CABLE | 1u << SCENARIO_TARGET | 1u << SCENARIO_CONTROLLER |
                 1u << SCENARIO_ATTENTION,
    };
    struct topology *t = parse(FOUR_PATHS);
    uint64_t longest_allowed = 0, longest_free = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        static const uint64_t limits[] = {0, 2 * WORLD_SECOND};

        for (unsigned i = 0; i < 3; i++) {
            struct scenario_plan *plan;
            uint64_t dark;

            options.blackouts = i == 2;
            options.longest_blackout = i < 2 ? limits[i] : 0;
            plan = draw(seed, t, &options);
            dark = longest_blackout(plan);
            if (i < 2)
                assert_true(dark <= limits[i]);
            if (i == 1 && dark > longest_allowed)
                longest_allowed = dark;
            if (i == 2 && dark > longest_free)
                longest_free = dark;
            scenario_plan_free(plan);
        }
    }
    assert_true(longest_allowed > 0); /* short ones do happen */
    assert_true(longest_free > 2 * WORLD_SECOND);
    topology_free(t);
}

static void random_schedule_stays_in_its_time_and_number(void **state)
{
    struct scenario_random_options options = {
        .start = WORLD_SECOND, .duration = 10 * WORLD_SECOND, .minimum = 5, .maximum = 9};
    struct topology *t = parse(FOUR_PATHS);
    unsigned swarm = 0, few = 99, many = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct scenario_plan *plan = draw(seed, t, &options);

        assert_in_range(plan->faults, 5, 9);
        few = plan->faults < few ? plan->faults : few;
        many = plan->faults > many ? plan->faults : many;
        assert_true(plan->kinds != 0);
        swarm |= 1u << (plan->kinds == SCENARIO_ALL_KINDS);
        for (size_t i = 0; i < plan->count; i++) {
            const struct topology_action *a = &plan->actions[i];
            uint64_t end = a->time + (a->kind == ACTION_FLAP ? 2 * a->count * a->period : 0);

            assert_true(a->time >= options.start && end <= options.start + options.duration);
            assert_true(i == 0 || plan->actions[i - 1].time <= a->time);
        }
        scenario_plan_free(plan);
    }
    assert_int_equal(few, 5);
    assert_int_equal(many, 9);
    assert_true((swarm & 1) != 0); /* some runs leave kinds out */
    topology_free(t);
}

/* What a request can meet: commands lost and sense data by count, unit attentions once. */
static unsigned strikes_within(const struct scenario_plan *plan, uint64_t from, uint64_t span)
{
    unsigned sum = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const struct topology_action *a = &plan->actions[i];

        if (a->time < from || a->time > from + span)
            continue;
        if (a->kind == ACTION_UNIT_ATTENTION)
            sum++;
        else if ((a->kind == ACTION_INJECT && a->key != 0) ||
                 (a->kind == ACTION_PATH_FAULT && a->fault != FABRIC_SLOW))
            sum += a->count;
    }
    return sum;
}

static void random_schedule_strikes_no_more_often_than_a_request_is_retried(void **state)
{
    struct scenario_random_options options = {
        .duration = 120 * WORLD_SECOND, .minimum = 20, .maximum = 20, .strikes = 4, .patience = 30 * WORLD_SECOND,
        .verified = WORLD_SECOND};
    struct topology *t = parse(FOUR_PATHS);
    unsigned most = 0, whole = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct scenario_plan *plan = draw(seed, t, &options);

        for (size_t i = 0; i < plan->count; i++) {
            unsigned sum = strikes_within(plan, plan->actions[i].time, options.patience);

            most = sum > most ? sum : most;
        }
        if (strikes_within(plan, 0, options.duration) > whole)
            whole = strikes_within(plan, 0, options.duration);
        assert_int_equal(plan->faults, 20); /* others take the place of those that do not fit */
        scenario_plan_free(plan);
    }
    assert_int_equal(most, options.strikes);
    assert_true(whole > options.strikes); /* a later request starts anew */
    topology_free(t);
}

/* A verification that meets the fault would fail the only path for longer than the machine waits. */
static void single_path_under_verification_gets_only_faults_that_cost_no_path(void **state)
{
    struct scenario_random_options options = {.duration = 60 * WORLD_SECOND, .minimum = 10, .maximum = 10,
                                              .recovery = 40 * WORLD_SECOND, .longest_blackout = 20 * WORLD_SECOND};
    struct topology *t = parse(ONE_PATH);
    unsigned costly[2] = {0, 0};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        options.verified = i * 10 * WORLD_SECOND;
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct scenario_plan *plan = draw(seed, t, &options);

            assert_int_equal(plan->faults, 10);
            for (size_t n = 0; n < plan->count; n++)
                costly[i] += (plan->actions[n].kind == ACTION_INJECT && plan->actions[n].key != 0) ||
                             (plan->actions[n].kind == ACTION_PATH_FAULT &&
                              plan->actions[n].fault != FABRIC_SLOW);
            scenario_plan_free(plan);
        }
    }
    assert_true(costly[0] > 0);
    assert_int_equal(costly[1], 0);
    topology_free(t);
}

static void written_plan_reads_back_as_the_same_actions(void **state)
{
    struct scenario_random_options options = {
        .duration = 60 * WORLD_SECOND, .minimum = 20, .maximum = 30};
    struct topology *t = parse(FOUR_PATHS);

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct scenario_plan *plan = draw(seed, t, &options), *twin = draw(seed, t, &options);
        struct buffer text = {0};
        struct topology *again;

        buffer_append_text(&text, FOUR_PATHS);
        scenario_plan_write(plan, &text);
        again = parse(buffer_text(&text));
        assert_int_equal(again->action_count, plan->count);
        assert_int_equal(twin->count, plan->count);
        for (size_t i = 0; i < plan->count; i++) {
            char words[160];

            topology_action_text(again, &again->actions[i], words, sizeof words);
            assert_string_equal(words, plan->steps[i].text);
            assert_string_equal(twin->steps[i].text, plan->steps[i].text);
            assert_int_equal(again->actions[i].time, plan->steps[i].time);
        }
        topology_free(again);
        buffer_free(&text);
        scenario_plan_free(plan);
        scenario_plan_free(twin);
    }
    topology_free(t);
}

/* What undoes an action must be there, by the plan's end. */
static bool is_harsh(const struct topology_action *a)
{
    return a->kind == ACTION_MASK || a->kind == ACTION_IDENTITY || a->kind == ACTION_GHOST || a->kind == ACTION_POWER ||
           (a->kind == ACTION_HBA && a->fault == HBA_POWER) || a->kind == ACTION_MACHINE;
}

static void swarm_says_when_errors_are_allowed_and_puts_everything_back(void **state)
{
    struct scenario_random_options options = {.start = WORLD_SECOND, .duration = 120 * WORLD_SECOND, .minimum = 12,
                                              .maximum = 12, .kinds = SCENARIO_WHOLE_MENU};
    struct topology *t = parse("[machine node0]\n[hba hba0]\nkind = iscsi\nfabric = a\n[hba hba1]\nfabric = b\n"
                               "[array array0]\naccess = implicit\n[lun lun]\ncount = 8\n"
                               "[link a]\nhba = hba0\nports = all\n[link b]\nhba = hba1\nports = all\n");
    unsigned strict = 0, actions = 0, gentle_pulls = 0;
    uint64_t kinds = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct scenario_plan *plan = draw(seed, t, &options);
        int down = 0, masked = 0, off = 0, identities = 0, out = 0, dead = 0;
        bool harsh = false;

        kinds |= plan->kinds;
        strict += !plan->errors_allowed;
        for (size_t i = 0; i < plan->count; i++) {
            const struct topology_action *a = &plan->actions[i];
            struct topology_action again;

            assert_true(topology_parse_action(t, plan->steps[i].text, &again, NULL));
            assert_int_equal(again.kind, a->kind);
            assert_true(a->time >= options.start && a->time <= options.start + options.duration);
            actions |= 1u << a->kind;
            harsh = harsh || is_harsh(a);
            if (a->kind == ACTION_LINK || a->kind == ACTION_CONTROLLER || a->kind == ACTION_SWITCH)
                down += a->up ? -1 : 1;
            if (a->kind == ACTION_POWER || (a->kind == ACTION_HBA && a->fault == HBA_POWER))
                off += a->up ? -1 : 1;
            else if (a->kind == ACTION_HBA)
                out += a->fault == HBA_REMOVE ? 1 : -1;
            if (a->kind == ACTION_MACHINE)
                dead += a->fault == MACHINE_CRASH ? 1 : -1;
            gentle_pulls += !plan->errors_allowed && a->kind == ACTION_HBA;
            if (a->kind == ACTION_MASK || a->kind == ACTION_MAP)
                masked += a->kind == ACTION_MASK ? 1 : -1;
            identities += a->kind == ACTION_IDENTITY;
        }
        assert_int_equal(down, 0);
        assert_int_equal(off, 0);
        assert_int_equal(out, 0);
        assert_int_equal(dead, 0);
        assert_int_equal(masked, 0);
        assert_int_equal(identities % 2, 0);
        assert_true(!harsh || plan->errors_allowed);
        assert_true((plan->actions[0].kind == ACTION_EXPECT) == plan->errors_allowed);
        scenario_plan_free(plan);
    }
    assert_in_range(strict, 100, 300); /* about half */
    assert_true(kinds == SCENARIO_WHOLE_MENU);
    assert_true(gentle_pulls != 0);
    for (unsigned kind = 0; kind < ACTION_COUNT; kind++)
        assert_true((actions >> kind & 1) != 0 || kind == ACTION_UNMAP || kind == ACTION_MOVE || kind == ACTION_PORT);
    topology_free(t);
}

static void gentle_plan_has_gentle_kinds_only(void **state)
{
    struct scenario_random_options options = {.duration = 60 * WORLD_SECOND, .minimum = 20, .maximum = 20};
    struct topology *t = parse(FOUR_PATHS);

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct scenario_plan *plan = draw(seed, t, &options);

        assert_int_equal(plan->kinds & ~SCENARIO_ALL_KINDS, 0);
        assert_false(plan->errors_allowed);
        for (size_t i = 0; i < plan->count; i++)
            assert_true(plan->actions[i].kind <= ACTION_PATH_FAULT);
        scenario_plan_free(plan);
    }
    topology_free(t);
}

static void single_path_gets_outages_only_when_blackouts_are_allowed(void **state)
{
    struct scenario_random_options options = {
        .duration = 60 * WORLD_SECOND, .minimum = 3, .maximum = 3, .kinds = 1u << SCENARIO_CABLE};
    struct topology *t = parse(ONE_PATH);
    struct scenario_plan *plan = draw(1, t, &options);

    (void)state;
    assert_int_equal(plan->faults, 0);
    scenario_plan_free(plan);
    options.blackouts = true;
    plan = draw(1, t, &options);
    assert_int_equal(plan->faults, 3);
    scenario_plan_free(plan);
    topology_free(t);
}

static void options_out_of_range_are_refused(void **state)
{
    struct scenario_random_options good = {
        .duration = TOPOLOGY_MAX_TIME, .minimum = 0, .maximum = SCENARIO_MAX_FAULTS,
        .kinds = 1u << SCENARIO_ATTENTION};
    struct scenario_random_options bad[4] = {good, good, good, good};
    struct topology *t = parse(ONE_PATH), *empty = parse("");
    struct scenario_plan *plan = draw(1, t, &good);

    (void)state;
    assert_non_null(plan);
    scenario_plan_free(plan);
    bad[0].maximum++;
    bad[1].duration++;
    bad[2].duration = 0;
    bad[3].minimum = SCENARIO_MAX_FAULTS + 1;
    for (unsigned i = 0; i < 4; i++)
        assert_null(draw(1, t, &bad[i]));
    assert_null(draw(1, empty, &good));
    topology_free(t);
    topology_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeline_reaches_links_controllers_and_luns),
        cmocka_unit_test(every_word_of_the_menu_reaches_what_it_names),
        cmocka_unit_test(flap_goes_down_and_up_as_often_as_asked),
        cmocka_unit_test(swarm_says_when_errors_are_allowed_and_puts_everything_back),
        cmocka_unit_test(gentle_plan_has_gentle_kinds_only),
        cmocka_unit_test(stopped_scenario_does_nothing_more),
        cmocka_unit_test(missing_object_is_named_with_its_line),
        cmocka_unit_test(flaps_beyond_the_step_limit_are_refused),
        cmocka_unit_test(random_schedule_never_darkens_an_array_longer_than_allowed),
        cmocka_unit_test(random_schedule_stays_in_its_time_and_number),
        cmocka_unit_test(random_schedule_strikes_no_more_often_than_a_request_is_retried),
        cmocka_unit_test(single_path_under_verification_gets_only_faults_that_cost_no_path),
        cmocka_unit_test(written_plan_reads_back_as_the_same_actions),
        cmocka_unit_test(single_path_gets_outages_only_when_blackouts_are_allowed),
        cmocka_unit_test(options_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
