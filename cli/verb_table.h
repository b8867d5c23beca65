// One row one verb: words, arguments, least and most arguments, options, summary, function, help. The general
// help lists them in this order, by section. A help's paragraph is one line, which is filled to the terminal;
// lines that begin with a blank stay as they are.
// clang-format off
#ifndef VERB_SECTION
#define VERB_SECTION(title)
#endif
VERB_SECTION("Configuration")
VERB_ROW("apply", "-f PATH…", 0, 0, "file channel dry-run", "create or change resources from YAML files", verb_apply,
	"Each document of the files is one resource: its kind, its channel and name, and its fields as the API has them in "
	"snake_case, with constants and enum values bare. Documents may stand in any order: they are applied in the order of "
	"their dependencies. What is as the file says is left alone. All documents are read before the first is sent; one that is "
	"larger than a request may be (64 KiB) is refused then, with how to split it.\n"
	"With --dry-run the server checks and changes nothing.\n\n"
	"Examples:\n"
	"  parley apply -f bank.yaml\n"
	"  parley apply -f channels/ -f offers/ --dry-run\n"
	"  parley export -o yaml bank | sed s/DRAFT/PUBLISHED/ | parley apply -f -\n\n"
	"A document:\n"
	"  kind: Offer\n"
	"  name: gold-card\n"
	"  code: GOLD\n"
	"  template: card\n"
	"  attributes:\n"
	"  - {name: fee, value: 49.5}\n"
	"  state: PUBLISHED\n")
VERB_ROW("diff", "-f PATH…", 0, 0, "file channel", "show how files differ from what the server has", verb_diff,
	"Compares field by field what apply would send with what is there. Exits 0 if apply would change nothing, 1 if it would.\n\n"
	"Examples:\n"
	"  parley diff -f bank.yaml\n"
	"  parley diff -f bank.yaml && echo nothing to do\n")
VERB_ROW("export", "[CHANNEL]", 0, 1, "all", "write a channel as YAML that apply takes back", verb_export,
	"Writes the channel, all that belongs to it, and the offers, offer templates, offer lists and campaigns that it reaches; with "
	"--all, all of them. If it reaches an offer list that is an expression, every offer may be on it and is written. The same configuration is always the same bytes, so it can be kept under version control: "
	"applied again it changes nothing.\n\n"
	"Examples:\n"
	"  parley export retail-bank > bank.yaml\n"
	"  parley export --all -o json\n")
VERB_ROW("get", "KIND [NAME]", 1, 2, "channel filter", "show resources", verb_get,
	"KIND, with its short name; plurals are fine too:\n"
	"  channel ch, audience-level al, zone z, interaction-point ip, event ev\n"
	"  audience-list li, segment seg, segmentation-flow flow\n"
	"  offer-template ot, offer of, offer-list ol, campaign ca, outcome-type out\n"
	"  treatment-rule rule, global-offer go, score-override so, blacklist bl\n"
	"  suppression-rule sup, constraint con\n"
	"and marks, as parley marks lists them.\n\n"
	"Examples:\n"
	"  parley get channels\n"
	"  parley get offer gold-card -o yaml\n"
	"  parley get rules --channel bank --filter 'top_priority && zone == \"hero\"'\n")
VERB_ROW("delete", "KIND NAME", 2, 2, "channel dry-run allow-missing", "delete a resource that nothing refers to", verb_delete,
	"Examples:\n"
	"  parley delete offer gold-card\n"
	"  parley delete zone hero --channel bank --dry-run\n")
VERB_ROW("flow draw", "CHANNEL NAME", 2, 2, "", "draw a segmentation flow as a tree", verb_flow_draw,
	"Every step with what it does, and its ways out in the order in which they are tried. A step to which several ways lead is "
	"drawn once; elsewhere an arrow names it.\n\n"
	"Examples:\n"
	"  parley flow draw bank sorting\n")
VERB_SECTION("Deployment")
VERB_ROW("pending", "CHANNEL", 1, 1, "from next limit", "show what is not deployed yet", verb_pending,
	"Compares the working configuration with what an environment runs (--env; the first of the line if it is left out) and draws "
	"what is added (+), changed (~, each field before → after) and removed (−), and beneath it what depends on it: what names it, "
	"what names that, and so on. With --from another environment's configuration is compared instead: what staging runs but "
	"production does not. With --next it is what the channel's next deployment would bring: what is marked, if anything is. "
	"At most 200 changes are shown, or --limit; all are counted. Exits 0 if nothing is pending, 1 if something is.\n\n"
	"Examples:\n"
	"  parley pending bank\n"
	"  parley pending bank --env production\n"
	"  parley pending bank --from staging --env production\n"
	"  parley pending bank --next -o json\n")
VERB_ROW("mark", "[KIND NAME | --all]", 0, 2, "channel all comment", "mark a resource for the next deployment, and lock it", verb_mark,
	"A deployment to the first environment brings what is marked for the channel, or everything if nothing is. What is marked "
	"is locked: nobody can change it until it is deployed or unmarked. A resource that was deleted is marked to be removed. "
	"With --all all of the channel is marked, and what it reaches outside itself. What is marked must be whole: what a marked "
	"resource uses and does not run yet has to be marked too; the deployment says what is lacking.\n\n"
	"Examples:\n"
	"  parley mark rule gold-for-adults --channel bank -m 'spring offers'\n"
	"  parley mark offer gold --channel bank\n"
	"  parley mark --all --channel bank\n")
VERB_ROW("unmark", "[KIND NAME | --all]", 0, 2, "channel all", "take a mark back", verb_unmark,
	"Whoever made the mark can, and an administrator. --all takes back the mark on all of the channel, not those on single "
	"resources.\n\n"
	"Examples:\n"
	"  parley unmark rule gold-for-adults --channel bank\n"
	"  parley unmark --all --channel bank\n")
VERB_ROW("marks", "", 0, 0, "channel", "list what is marked for deployment", verb_marks,
	"Examples:\n"
	"  parley marks\n"
	"  parley marks --channel bank -o json\n"
	"  parley get marks --channel bank\n")
VERB_ROW("validate", "CHANNEL", 1, 1, "acknowledge", "find what is wrong with a channel before it is deployed", verb_validate,
	"Nothing is run: what cannot be compiled is an error, and what can be shown never to do anything is a warning: segments "
	"that nobody can be in, rules that never fire or are always beaten, offers that nothing shows, dates that are over, points "
	"and events that are gone although touchpoints called them within seven days (--env: in that environment).\n"
	"A deployment is stopped by errors, and by warnings until each is acknowledged as CODE:OBJECT. Exits 1 if there are errors, "
	"9 if there are only warnings and some are not acknowledged.\n\n"
	"Examples:\n"
	"  parley validate bank\n"
	"  parley validate bank --env production -o json\n"
	"  parley validate bank --acknowledge RULE_OVER:TreatmentRule/spring --acknowledge CAMPAIGN_OVER:Campaign/winter\n")
VERB_ROW("deploy", "CHANNEL --to ENVIRONMENT", 1, 1, "to comment dry-run acknowledge no-wait", "put a channel into service in an environment", verb_deploy,
	"In the first environment of the line a snapshot is built from the configuration: from what is marked, if anything is. It is "
	"analysed first: errors stop it, warnings must be acknowledged by name. A later environment gets the very bytes that the "
	"one before it runs (parley promote). What runs already is not deployed twice. Where approvals are needed, it waits for them.\n\n"
	"Examples:\n"
	"  parley deploy bank --to test -m 'new savings offers'\n"
	"  parley deploy bank --to test --dry-run\n"
	"  parley deploy bank --to test --acknowledge RULE_NEVER:TreatmentRule/spring\n")
VERB_ROW("promote", "CHANNEL --to ENVIRONMENT", 1, 1, "to comment dry-run acknowledge no-wait", "bring what the environment before runs to the next one", verb_promote,
	"The gates of the environment are asked first; each that does not let pass says why, and which command mends it. If its root "
	"asks for approvals, the deployment waits until that many persons other than you have signed it; then it rolls out by itself. "
	"Promoting other content, or the same with another comment, makes approvals void that were given before.\n\n"
	"Examples:\n"
	"  parley promote bank --to staging\n"
	"  parley promote bank --to production -m 'spring campaign'\n"
	"  parley promote bank --to production --acknowledge WINNERS_CHANGED:zone/hero\n"
	"  parley promote bank --to production --dry-run\n")
VERB_ROW("promotion", "CHANNEL", 1, 1, "", "show how far a channel has come along the environments, and what keeps it", verb_promotion,
	"One line an environment, then what to do next in each that lags behind the one before it.\n\n"
	"Examples:\n"
	"  parley promotion bank\n"
	"  parley promotion bank -o json\n")
VERB_ROW("approve", "CHANNEL --env ENVIRONMENT --key FILE", 1, 1, "version key passphrase-file root comment yes no-wait",
	"look at a deployment that waits, and sign it with your key", verb_approve,
	"Shows what is to be signed: the manifest's own words, and how its snapshot differs from what runs there now, both read from the "
	"bytes themselves and not from what the server says of them. Then it asks, signs here, and sends the signature. The private key "
	"and its passphrase stay on this machine. Nobody approves what he deployed himself. With the last approval that the environment's "
	"root asks for, the roll-out starts.\n\n"
	"The key has to be an approver's by a root that you trust. The first time, name the file that you have from those who hold the root "
	"keys (--root; oldest first if there are several); without it the design server's newest is taken at its word, and its SHA-256 shown "
	"to compare. It is kept beside your contexts, in roots/CONTEXT/ENVIRONMENT.root, and what the design server hands out from then on "
	"has to follow it: if it does not, or is older, nothing is signed.\n\n"
	"Examples:\n"
	"  parley approve bank --env production --key anna.key --root production-1.root\n"
	"  parley approve bank --env production --key anna.key\n"
	"  parley approve bank --env production --version 7 --key anna.key -m 'as agreed on Monday'\n"
	"  parley approve bank --env staging --key anna.key --passphrase-file - --yes <secret\n")
VERB_ROW("rollback", "CHANNEL --env ENVIRONMENT", 1, 1, "to comment no-wait", "bring back the content of an earlier version", verb_rollback,
	"Without --to it is the last other content that every server ran. It goes out under a new version with the same approvals as "
	"any deployment; gates are not asked. A roll-out that is still under way is undone faster: parley rollout undo.\n\n"
	"Examples:\n"
	"  parley rollback bank --env production -m 'too few accepts'\n"
	"  parley rollback bank --env production --to 17\n")
VERB_ROW("undeploy", "CHANNEL --env ENVIRONMENT --confirm CHANNEL", 1, 1, "confirm in-use comment no-wait", "switch a channel off in an environment", verb_undeploy,
	"Its servers then answer CHANNEL_NOT_DEPLOYED. It is a deployment with the same approvals as any, and a rollback takes it back. "
	"While touchpoints call the channel it is refused, unless you say that they may go without (--in-use).\n\n"
	"Examples:\n"
	"  parley undeploy kiosk --env production --confirm kiosk -m 'the last kiosk is gone'\n")
VERB_ROW("deployment get", "CHANNEL [VERSION] --env ENVIRONMENT", 1, 2, "", "show one deployment: approvals, evidence, servers", verb_deployment_get,
	"Without VERSION the newest.\n\n"
	"Examples:\n"
	"  parley deployment get bank --env production\n"
	"  parley deployment get bank 17 --env production -o json\n")
VERB_ROW("deployment cancel", "CHANNEL VERSION --env ENVIRONMENT", 2, 2, "comment", "give up a deployment that waits for approvals", verb_deployment_cancel,
	"What was approved is past that: parley rollout undo, or parley rollback.\n\n"
	"Examples:\n"
	"  parley deployment cancel bank 18 --env production -m 'wrong price'\n")
VERB_SECTION("Tests and measurements, for gates")
VERB_ROW("load", "CHANNEL --env ENVIRONMENT", 1, 1, "mix rate seconds connections visitors point audience contact seed no-evidence", "drive a runtime server as touchpoints do: latency and throughput, for gates", verb_load,
	"Plays visitors: sessions, offers, events, pauses. Visits begin at random moments, so many that --rate calls a second are made on "
	"average, whether or not those before were answered; latency counts from when a call was due, so that a stall is seen as visitors "
	"see it. In --audience, {n} stands for the visitor's number. What is measured is handed in as evidence for the gates of a "
	"promotion, bound to the snapshot that answered; if that changes meanwhile, nothing is. --no-evidence only prints it. "
	"Everything that it does is recorded as any visitor's calls are: it is for test and staging.\n"
	"What visitors do, a mix says (--mix; parley load mix writes one from the history). Without one a visit asks for offers at the "
	"channel's points in turn, reports a contact now and then, and never pauses. A mix is YAML:\n"
	"  think: 3s                  # mean pause before each step; of a visit or a step likewise\n"
	"  visits:\n"
	"  - name: browses\n"
	"    weight: 70\n"
	"    steps:\n"
	"    - offers: [home-hero, home-banner]   # one call for both\n"
	"      max: 3\n"
	"    - event: contact         # about the first offer of the last answer; about: nothing quotes none\n"
	"      chance: 0.9\n\n"
	"Examples:\n"
	"  parley load bank --env staging\n"
	"  parley load bank --env staging --rate 2000 --seconds 60 --connections 32 --mix june.yaml\n"
	"  parley load bank --env staging --point hero --audience 'customer:customer_id={n}' --visitors 500 --no-evidence\n")
VERB_ROW("load mix", "CHANNEL --env ENVIRONMENT", 1, 1, "since until limit", "write what visitors did as a mix for load", verb_load_mix,
	"Reads the newest entries of the environment's history (--limit, 20000), puts sessions together, and writes the 50 most frequent "
	"kinds of visits as YAML, each with how often it was and its mean pause.\n\n"
	"Examples:\n"
	"  parley load mix bank --env production --since 7d > june.yaml\n"
	"  parley load mix bank --env production --since 2026-06-01 --until 2026-07-01 --limit 200000\n")
VERB_ROW("behaviour", "CHANNEL --env ENVIRONMENT", 1, 1, "since until decisions snapshot limit no-evidence", "compare what an environment answered with what a candidate would have, for gates", verb_behaviour,
	"Takes the decisions that were recorded in the environment (--since, 24h), makes each again by the snapshot that runs there and by "
	"the one that is to come (what the environment before it runs), and counts how many winners change: the first offer, at each "
	"point that was asked for. It tells them by zone and by segment, with their 95 % intervals (Wilson), the most frequent moves from "
	"offer to offer, and decisions to open (parley decision show). First it makes sure that what was recorded comes out again as it "
	"was recorded. Visitors' attributes, facts and counts go to the other snapshot by their names; segments are computed anew for "
	"both; what the candidate no longer has is told. Each decision is looked at by itself.\n"
	"Of very many decisions it takes one in 2, 4, 8 …, always the same ones. The comparison is handed in as evidence for the gates of "
	"a promotion, whose judgement is told; --no-evidence only prints it. --snapshot names another candidate: what another environment "
	"runs, or, only printed, a file or working:CHANNEL, what is configured now.\n"
	"Exits 1 if a gate does not let pass, or if recorded decisions do not come out again.\n\n"
	"Examples:\n"
	"  parley behaviour bank --env production\n"
	"  parley behaviour bank --env production --since 7d --decisions 100000\n"
	"  parley behaviour bank --env production --snapshot working:bank\n"
	"  parley behaviour bank --env production --snapshot test:bank\n")
VERB_ROW("test", "FILE|FOLDER… --snapshot FILE|ENV:CHANNEL[@N]", 0, 256, "snapshot channel live coverage min-coverage junit record session", "run scenarios: what a channel must answer whom, when", verb_test,
	"A scenario says: given this visitor at this time with this history, when these calls come, then these offers, reasons and "
	"state. They are played to the snapshot's bytes by the runtime's own code, each from the start, with a clock and seeds of their "
	"own: no server is asked, nothing is recorded. Failures tell expected and got, and for an offer that is missing what struck each of "
	"its candidates. Exits 1 if one failed or --min-coverage is not reached. --coverage tells which rules, segments, points, events "
	"and reasons no scenario reaches.\n\n"
	"A file is YAML; cli/README.md has all its words:\n"
	"  channel: bank\n"
	"  at: 2026-06-01T09:00:00Z                # when scenarios happen that do not say\n"
	"  personas:\n"
	"    student: {audience: 'customer:customer_id=1', profile: {age: 19, income: 800}}\n"
	"  scenarios:\n"
	"  - name: a student is shown the card, and not again after a no\n"
	"    persona: student\n"
	"    set: {topic: cards}                   # what the touchpoint says\n"
	"    history: [{offer: LOAN, kind: reject, ago: 3d}]\n"
	"    when:\n"
	"    - {offers: home, max: 3, expect: {offers: [CARD], reasons: {LOAN: SUPPRESSED_REJECTED}}}\n"
	"    - {event: declined, offer: CARD, after: 10s}\n"
	"    - {offers: home}\n"
	"    expect: {none: true, state: [{offer: LOAN, kind: reject}, {offer: CARD, kind: reject}]}\n"
	"  - name: aged <age>\n"
	"    audience: customer:customer_id=2\n"
	"    profile: {age: <age>}\n"
	"    point: home\n"
	"    expect: {offers: <offers>}\n"
	"    cases: [[age, offers], [17, []], [18, [CARD]]]\n\n"
	"With --live the environment's own server is asked, as a what-if that leaves no trace; what needs a history, events or sessions is "
	"skipped then, and a visitor without a profile is whoever the environment knows by that ID.\n\n"
	"With --record a session of the history is written as a scenario: the visitor as the decisions saw him, what was asked, told and "
	"answered, and why not otherwise. With the same snapshot it passes at once; from there on it is yours to change.\n\n"
	"Examples:\n"
	"  parley test --record --session 4711 --env staging > scenarios/4711.yaml\n"
	"  parley test scenarios/ --snapshot working:bank --coverage\n"
	"  parley test scenarios.yaml --snapshot staging:bank --junit report.xml --min-coverage 80\n"
	"  parley test scenarios.yaml --env staging --channel bank --live\n")
VERB_ROW("evidence scenarios", "CHANNEL FILE|FOLDER… --env ENVIRONMENT", 2, 100, "snapshot live", "run scenarios with what an environment runs, for gates", verb_evidence_scenarios,
	"Does what parley test does (its help has the form of the files) with the very bytes that the environment runs, and hands in "
	"what passed and failed and how much of the channel was covered, bound to these bytes. Gates ask for it. Exits 1 if one failed. "
	"With --live the environment's own servers are asked, and what cannot be asked of them is skipped.\n\n"
	"Examples:\n"
	"  parley evidence scenarios bank scenarios.yaml --env staging\n"
	"  parley evidence scenarios bank scenarios/ --env staging --live\n")
VERB_ROW("evidence list", "CHANNEL", 1, 1, "limit", "list reports about a channel's snapshots, newest first", verb_evidence_list,
	"Examples:\n"
	"  parley evidence list bank\n"
	"  parley evidence list bank -o json\n")
VERB_SECTION("Releases and roll-outs")
VERB_ROW("release export", "CHANNEL FILE --env ENVIRONMENT", 2, 2, "version", "write a deployment into one file, for a site that no network reaches", verb_release_export,
	"The file holds the environment's roots, the manifest with all its signatures, the snapshot and the newest timestamp. A server "
	"that runs an older version needs those between too: --version is the first to take along.\n\n"
	"Examples:\n"
	"  parley release export bank bank.release --env production\n"
	"  parley release export bank bank.release --env production --version 12\n")
VERB_ROW("release show", "FILE", 1, 1, "root", "verify a release file and show what is in it", verb_release_show,
	"Everything is verified as a runtime server does. Without --root the file's own first root is where that begins: compare its "
	"digest with what you know, or name the root file that you trust.\n\n"
	"Examples:\n"
	"  parley release show bank.release\n"
	"  parley release show bank.release --root production.root\n")
VERB_ROW("release import", "FILE --runtime ADDRESS", 1, 1, "root dry-run ca certificate key server-name", "bring a release file into a runtime server", verb_release_import,
	"Needs an operator's certificate (spiffe://parley/operator/ENVIRONMENT/NAME). Who carries the file need not be trusted: the server "
	"takes nothing that its own root does not lead to. With --dry-run the file is verified and nothing is sent.\n\n"
	"Examples:\n"
	"  parley release import bank.release --dry-run --root production.root\n"
	"  parley release import bank.release --runtime 10.0.0.7:7503 --ca ca.crt --certificate operator.crt --key operator.key\n")
VERB_ROW("rollout status", "[CHANNEL]", 0, 1, "watch", "show what each runtime server should run and does run", verb_rollout_status,
	"Asks the servers themselves. Of a roll-out in steps it tells the step, when the next one begins, and how the new snapshot fares "
	"against the one that serves beside it.\n"
	"BEHIND is how many records of its journal are not in the history yet, and up to how long ago all are; QUIET-SINCE is when a server "
	"that does not answer last did. Exits 1 if a server does not run what it should.\n\n"
	"Examples:\n"
	"  parley rollout status\n"
	"  parley rollout status bank --env production --watch\n"
	"  parley rollout status bank --env production -o json\n")
VERB_ROW("rollout pause", "CHANNEL --env ENVIRONMENT", 1, 1, "comment", "stay at the step that a roll-out has reached", verb_rollout_pause,
	"It is still watched, and returns by itself if it fares badly.\n\n"
	"Examples:\n"
	"  parley rollout pause bank --env production -m 'over the weekend'\n")
VERB_ROW("rollout resume", "CHANNEL --env ENVIRONMENT", 1, 1, "comment", "go on with a roll-out that was paused", verb_rollout_resume,
	"The time that a step is watched went on meanwhile.\n\n"
	"Examples:\n"
	"  parley rollout resume bank --env production\n")
VERB_ROW("rollout undo", "CHANNEL --env ENVIRONMENT", 1, 1, "comment", "return all servers to the snapshot before", verb_rollout_undo,
	"As long as a roll-out is on its way in steps, this takes a second and needs no approval: what served before still serves beside "
	"it. What serves all already is past that: parley rollback.\n\n"
	"Examples:\n"
	"  parley rollout undo bank --env production -m 'complaints from the branches'\n")
VERB_ROW("rollout history", "[CHANNEL]", 0, 1, "limit", "show past deployments, newest first", verb_rollout_history,
	"Who deployed what and why, who approved it, by which evidence it passed, what changed against the one before, and how it ended.\n\n"
	"Examples:\n"
	"  parley rollout history bank --env production\n")
VERB_ROW("environments", "[ENVIRONMENT]", 0, 1, "", "list the environments, in the order of promotion; or tell all of one", verb_environments,
	"They are what the deploy profiles say, ENVIRONMENT/environment.yaml on the design server, and whom their roots trust. Of one "
	"with a PROBLEM nothing new goes there until it is mended.\n\n"
	"Examples:\n"
	"  parley environments\n"
	"  parley environments production\n"
	"  parley environments -o json\n")
VERB_SECTION("Playing a touchpoint")
VERB_ROW("session start", "[SESSION]", 0, 1, "channel audience set sequence", "open a session on a runtime server", verb_session_start,
	"Without SESSION the ID is a fresh one; it is printed alone on standard output with -o table, so that scripts can keep it, "
	"and the rest goes to standard error.\n\n"
	"Examples:\n"
	"  parley session start s-1 --env production --channel bank --audience customer:customer_id=4711\n"
	"  id=$(parley session start --env test -c bank -a customer:customer_id=7 --set basket_value:double=12)\n")
VERB_ROW("session profile", "SESSION", 1, 1, "explain sequence", "show what is known of a session's visitor", verb_session_profile,
	"Every attribute with its value and where it came from: the schema's default, the profile table, the session, an event or a "
	"segmentation flow. With --explain also how the segments came about: each step of each flow, then each segment, in the order in "
	"which they are looked at, with the expression that did not hold.\n\n"
	"Examples:\n"
	"  parley session profile s-1 --env production\n"
	"  parley session profile s-1 --explain\n"
	"  parley session profile s-1 -o json\n")
VERB_ROW("session audience", "SESSION", 1, 1, "audience set sequence", "go on with a session for another visitor", verb_session_audience,
	"As after a sign-in: the profile is loaded anew; what was set in the session is kept where the visitor's level allows it.\n\n"
	"Examples:\n"
	"  parley session audience s-1 --audience customer:customer_id=4711 --env production\n")
VERB_ROW("session debug", "SESSION on|off", 2, 2, "sequence", "have every answer of a session explain", verb_session_debug,
	"Examples:\n"
	"  parley session debug s-1 on --env production\n"
	"  parley session debug s-1 off\n")
VERB_ROW("session batch", "SESSION FILE", 2, 2, "stop-on-error sequence", "do several commands on a session in one round trip", verb_session_batch,
	"FILE (- for standard input) is a JSON list of 1 to 16 commands, each as the API has it without a session_id: start_session "
	"(as the first), get_offers, post_event, get_profile, set_audience, set_debug, end_session. Nobody else's call comes in between. "
	"Exits 7 if one of them was refused.\n\n"
	"Examples:\n"
	"  echo '[{\"get_profile\": {}}, {\"get_offers\": {\"points\": [{\"interaction_point\": \"home-hero\"}]}}]' |\n"
	"      parley session batch s-1 - --env production\n"
	"  parley session batch s-1 visit.json --stop-on-error -o json\n")
VERB_ROW("session end", "SESSION", 1, 1, "sequence", "close a session", verb_session_end,
	"Examples:\n"
	"  parley session end s-1 --env production\n")
VERB_ROW("offers", "SESSION POINT…", 2, 17, "max explain across filter as-of set unset sequence", "ask a runtime server for offers", verb_offers,
	"With --explain every candidate is told: what made it one (ORIGIN: a rule, a global offer, the visitor's own score, an event, a "
	"default of the zone) and which one (BY), its campaign and cell, its score, and the reason why it was not offered: a stable code "
	"and what was behind it, such as the expression as the designer wrote it. Explaining changes nothing; it is fine in production.\n\n"
	"With --as-of, --set or --unset the answer is for another world: nothing of it is recorded, and its treatments do not exist.\n\n"
	"--filter asks for offers by their attributes: ATTRIBUTE=VALUE, or != < <= > >= and ~ (a list that contains it); may be repeated.\n\n"
	"Examples:\n"
	"  parley offers s-1 home-hero --env production\n"
	"  parley offers s-1 home-hero side-bar --max 3 --across --explain\n"
	"  parley offers s-1 home-hero --filter kind=loan --filter 'yearly_rate<4'\n"
	"  parley offers s-1 home-hero --explain --as-of 2026-12-24T18:00:00Z --set income=50000.0 --unset topic\n"
	"  parley offers s-1 home-hero --trace               # and look the trace up by the ID that it tells\n")
VERB_ROW("respond", "CODE accept|reject|TYPE --channel CHANNEL", 2, 2, "channel offer custom audience time id", "report a response without a session", verb_respond,
	"What came of an offer that was shown in a session that is over, maybe on another server and long ago. CODE is the treatment's; "
	"with --offer an offer's, and the visitor's newest contact with it counts; with --custom one of your own source codes. The "
	"runtime server keeps it durably; the design server matches it within moments, or tells why not: parley orphans list. "
	"TYPE is any other outcome type (parley get outcome-types); one that there is none of is refused here, if the design server can be "
	"asked.\n\n"
	"Examples:\n"
	"  parley respond 05D2ZKQ8T3HV1M9AB00 accept --channel bank --env production\n"
	"  parley respond GOLD reject --offer --audience customer:customer_id=4711 --channel bank --time 2026-12-24T18:00:00Z\n"
	"  parley respond 7KQM-2D9F-XA3T accept --custom --channel bank --id call-20261224-17\n")
VERB_ROW("event", "SESSION EVENT", 2, 2, "treatment id set sequence", "report an event to a runtime server", verb_event,
	"The answer means that the event is on the server's disk.\n\n"
	"Examples:\n"
	"  parley event s-1 contact --treatment 3f2a… --env production\n"
	"  parley event s-1 accept -t 3f2a… --id click-77\n")
VERB_SECTION("Snapshots, keys and roots")
VERB_ROW("snapshot inspect", "[SNAPSHOT]", 0, 1, "channel", "show what a runtime server makes of a snapshot", verb_snapshot_inspect,
	"SNAPSHOT is a file, as runtime servers keep it in blobs/ of their data folder under its SHA-256, or ENVIRONMENT:CHANNEL for what "
	"the servers of an environment run (--env and --channel say the same), ENVIRONMENT:CHANNEL@VERSION for a deployment, or "
	"working:CHANNEL for what the present configuration would be built into.\n"
	"Nobody's signature is checked: parley snapshot verify does that.\n\n"
	"Shown are the distinct conditions and scores and how many of them are told without running their programs; the predicates "
	"that they share; and for each zone and audience level the list of candidates: how many can win (LIVE), how many have a score "
	"expression (DYNAMIC), for how many attributes there are bit sets and how many of these, for how many attributes neighbouring "
	"intervals share them (SHARED), how many candidates are looked at again for that or another reason (RECHECKED), and the size.\n\n"
	"Examples:\n"
	"  parley snapshot inspect /var/lib/parley/production/blobs/9f86d081884c7d65…\n"
	"  parley snapshot inspect snapshot.bin -o json\n"
	"  parley snapshot inspect production:retail-bank\n")
VERB_ROW("snapshot verify", "[ENVELOPE [SNAPSHOT]]", 0, 2, "channel version root", "check a deployment as a runtime server does", verb_snapshot_verify,
	"ENVELOPE and SNAPSHOT are files, and then no server is asked; or --channel and --env, and the design server is, whose roots have to "
	"follow those that --root names. What is believed is the first --root alone; without one, the root of --env that is trusted here "
	"since something was approved by it (parley approve --help). Each check is a line; the first that fails ends it and the verb exits "
	"with 7. Whether a server would take it next also depends on what that server runs, which is not known here.\n\n"
	"Examples:\n"
	"  parley snapshot verify manifest.envelope 9f86d081884c7d65… --root production-1.root\n"
	"  parley snapshot verify --channel bank --env production --root production-1.root\n")
VERB_ROW("snapshot diff", "BEFORE AFTER", 2, 2, "", "show how two snapshots differ, by name", verb_snapshot_diff,
	"BEFORE and AFTER are files, ENVIRONMENT:CHANNEL[@VERSION] or working:CHANNEL, as for snapshot inspect. Told is, list by list, what was added, "
	"removed or changed; references are told by name and expressions as they were written, so that nothing is told that only moved. "
	"Exits 1 if they differ.\n\n"
	"Examples:\n"
	"  parley snapshot diff staging:bank production:bank\n"
	"  parley snapshot diff production:bank@6 production:bank@7 -o json\n")
VERB_ROW("key new", "FILE", 1, 1, "passphrase-file no-passphrase", "make a key pair to sign with", verb_key_new,
	"The private half goes to FILE, encrypted by a passphrase; the public half beside it, anna.key to anna.pub. The private half never "
	"leaves this machine: hand the public one to those who hold the root keys, for the next root.\n\n"
	"Examples:\n"
	"  parley key new anna.key\n"
	"  parley key new builder.key --no-passphrase\n")
VERB_ROW("key show", "FILE", 1, 1, "passphrase-file", "tell a key's ID and public bytes", verb_key_show,
	"Of a private key the passphrase is asked for.\n\n"
	"Examples:\n"
	"  parley key show anna.pub\n")
VERB_ROW("key passphrase", "FILE", 1, 1, "passphrase-file new-passphrase-file no-passphrase", "change a private key's passphrase", verb_key_passphrase,
	"Examples:\n"
	"  parley key passphrase anna.key\n")
VERB_ROW("root new", "FILE --env ENVIRONMENT", 1, 1, "holder builder timestamp approver threshold approvals expires key passphrase-file",
	"make an environment's first root: whom it trusts", verb_root_new,
	"A root lists the public keys of an environment by role: holders of root keys sign the next root, the design server's builder key "
	"signs deployments and its timestamp key what is current, approvers sign what they approve. The file exists from its first signature "
	"on; other holders add theirs with root sign. Runtime servers are configured with the first root and learn of later ones.\n\n"
	"Examples:\n"
	"  parley root new production-1.root --env production --holder rita=rita.pub --holder rolf=rolf.pub --holder ruth=ruth.pub \\\n"
	"      --threshold 2 --builder builder.pub --timestamp production-timestamp.pub \\\n"
	"      --approver anna=anna.pub --approver ben=ben.pub --approvals 2 --expires 365d --key rita.key\n"
	"  parley root sign production-1.root --key rolf.key\n")
VERB_ROW("root change", "OLD NEW", 2, 2, "holder builder timestamp approver remove threshold approvals expires key passphrase-file",
	"make the root after another: add and remove keys", verb_root_change,
	"What --remove names goes, then the others are added; thresholds stay unless they are given. The new root has to be signed by the "
	"thresholds of both: by holders of OLD and of NEW. A removed key is revoked: from then on nothing new is taken with its signature. "
	"To change a server's key without a gap, add the new one, let it sign a deployment, and remove the old one after that.\n\n"
	"Examples:\n"
	"  parley root change production-1.root production-2.root --approver carl=carl.pub --remove ben --key rita.key\n"
	"  parley root change production-2.root production-3.root --remove 3f2a90c1 --builder builder-2.pub --key rita.key\n"
	"  parley root sign production-2.root --key rolf.key --after production-1.root\n")
VERB_ROW("root sign", "FILE", 1, 1, "key after passphrase-file", "add a holder's signature to a root or a floor", verb_root_sign,
	"With --after keys of the root before count too, as they have to where holders leave. For a floor --after names the root that is in "
	"force, so that a wrong key is noticed.\n\n"
	"Examples:\n"
	"  parley root sign production-2.root --key rolf.key --after production-1.root\n")
VERB_ROW("root show", "FILE", 1, 1, "after", "show a root: keys, thresholds, and who has signed", verb_root_show,
	"Examples:\n"
	"  parley root show production-2.root --after production-1.root\n"
	"  parley root show production-1.root -o json\n")
VERB_ROW("root verify", "FILE", 1, 1, "after", "check that a root would be taken", verb_root_verify,
	"As runtime servers check it: alone, as the root that a server is configured with; with --after, as the next one.\n\n"
	"Examples:\n"
	"  parley root verify production-1.root\n"
	"  parley root verify production-2.root --after production-1.root\n")
VERB_ROW("root publish", "FILE --env ENVIRONMENT", 1, 1, "", "make a root the newest of its environment", verb_root_publish,
	"The design server verifies it as runtime servers do and hands it to all of them. From then on what it does not list is not taken.\n\n"
	"Examples:\n"
	"  parley root publish production-2.root --env production\n")
VERB_ROW("root get", "[FILE] --env ENVIRONMENT", 0, 1, "", "list an environment's roots; put the newest into a file", verb_root_get,
	"Examples:\n"
	"  parley root get --env production\n"
	"  parley root get production-now.root --env production\n")
VERB_ROW("root floor", "FILE --env ENVIRONMENT --server ID --channel CHANNEL --version N", 1, 1,
	"server channel epoch version expires after key passphrase-file", "let a runtime server that lost its state begin again", verb_root_floor,
	"A server without its state cannot tell an old deployment from a new one and takes none. A floor says from which version on it may; "
	"holders of root keys sign it, as many as a root needs. It holds for a day, or as --expires says, at most 7d.\n\n"
	"Examples:\n"
	"  parley root floor r1.floor --env production --server production-1 --channel bank --version 12 --key rita.key\n"
	"  parley root sign r1.floor --key rolf.key\n"
	"  parley root send r1.floor --env production\n")
VERB_ROW("root send", "FILE --env ENVIRONMENT", 1, 1, "ca certificate key server-name", "hand a signed floor to the server that it is for", verb_root_send,
	"The design server verifies it, hands it on, and then brings the server what it should run. Where no design server reaches a site, an "
	"operator hands it over himself, with --runtime and his certificate (spiffe://parley/operator/ENVIRONMENT/NAME).\n\n"
	"Examples:\n"
	"  parley root send r1.floor --env production\n"
	"  parley root send r1.floor --runtime 10.0.0.7:7503 --ca ca.crt --certificate operator.crt --key operator.key\n")
VERB_SECTION("What happened")
VERB_ROW("history", "", 0, 0, "channel session visitor kind offer-code treatment event plan since until limit no-header", "show the contact and response history, newest first", verb_history,
	"KIND is recommendation, contact, accept, reject, outcome (of a type of one's own), event, session_start or session_end. "
	"Filters add up. Give --visitor or a short period where you can: they are found by an index. Times are UTC.\n\n"
	"Examples:\n"
	"  parley history --session s-1\n"
	"  parley history --treatment 7Q2MZKC4W9XHT3B5VNJ\n"
	"  parley history --env production --offer-code GOLD --since 24h\n"
	"  parley history --env production --kind accept --kind reject --limit 100000 -o csv > answers.csv\n"
	"  parley history --env production --plan bolder --kind contact\n")
VERB_ROW("decision show", "ID", 1, 1, "", "show what a recorded decision came from, and what it gave", verb_decision_show,
	"ID is a decision's name, as getOffers and parley history tell it, or any of its treatment codes. Shown are the visitor's "
	"attributes and segments as the decision saw them, what had happened to the visitor, what was counted, what was asked for, and "
	"what the history has of the answer. Names come from the snapshot that decided, whose SHA-256 is checked.\n\n"
	"Examples:\n"
	"  parley decision show 7Q2MZKC4W9XHT\n"
	"  parley decision show 7Q2MZKC4W9XHT3B5VNJ --env production -o json\n")
VERB_ROW("decision replay", "[ID]", 0, 1, "explain all since until channel visitor limit", "make recorded decisions again, and compare to the last bit", verb_decision_replay,
	"A decision is made again by the snapshot that made it, from its receipt, with the engine that runtime servers have; then its "
	"digest is compared, and every column of every row that the history has of it. With --explain every candidate of that moment is "
	"told with the reason why it was or was not offered, as parley offers --explain does.\n\n"
	"Without ID all decisions of a part of the history are replayed: --all, or what --since, --until, --channel, --visitor and --env "
	"leave of it. Of those that differ --limit are listed, the oldest first. Exits 0 if none differs, 1 if one does.\n\n"
	"Examples:\n"
	"  parley decision replay 7Q2MZKC4W9XHT --explain\n"
	"  parley decision replay --all\n"
	"  parley decision replay --env production --channel bank --since 2026-06-01 --until 2026-06-02\n"
	"  parley decision replay --since 24h -o json\n")
VERB_ROW("retention show", "", 0, 0, "", "show how long what grows is kept, and what would go", verb_retention_show,
	"Whole months (UTC): what is older than SINCE goes by itself, of the history month by month, of the rest row by row. How long is the "
	"design server's configuration (retention, see parley-design --help-config). GOES has the months that are too old now; rows are "
	"counted by apply --dry-run. HELD says what keeps them from going, such as a server that may still ship old events.\n\n"
	"Examples:\n"
	"  parley retention show\n"
	"  parley retention show -o json\n")
VERB_ROW("retention apply", "", 0, 0, "dry-run", "remove what is too old now", verb_retention_apply,
	"What would happen within the hour anyway; after it was made shorter in the configuration, or where retention.apply is false. "
	"With --dry-run it counts and changes nothing. The audit tells what went.\n"
	"OLDER-THAN is what goes, MONTHS which of a table that goes month by month; ROWS and SIZE are PostgreSQL's estimates there, and of "
	"tables that go row by row SIZE is the rows' share of the table, whose room is used again and not given back.\n\n"
	"Examples:\n"
	"  parley retention apply --dry-run\n"
	"  parley retention apply\n"
	"  parley audit Retention\n")
VERB_ROW("report funnel", "", 0, 0, "channel zone campaign offer-code segment version by since until limit no-chart no-header", "count treatments from recommendation to acceptance", verb_report_funnel,
	"A treatment, one offer presented to one visitor, belongs to the moment at which it was recommended; that it was shown, accepted "
	"or rejected counts there whenever it came. ACCEPTANCE is of those that were shown, with its 95 % confidence interval (Wilson). "
	"UNSHOWN were answered although no contact was logged. The period is the last 30 days unless --since and --until say otherwise; "
	"days are UTC days. Bars compare the rows, lines the days; without a UTF-8 terminal they are plain ASCII.\n\n"
	"Examples:\n"
	"  parley report funnel --env production\n"
	"  parley report funnel --env production --by zone,offer --since 7d\n"
	"  parley report funnel --by day --campaign SPRING --since 2026-03-01 --until 2026-04-01 -o csv\n")
VERB_ROW("report offers", "", 0, 0, "channel zone campaign offer-code segment version by since until limit no-chart no-header", "compare offers by their acceptance", verb_report_offers,
	"The funnel by offer; see: parley report funnel --help\n\n"
	"Examples:\n"
	"  parley report offers --env production --since 7d\n"
	"  parley report offers --env production --segment gold --by offer,zone -o json\n")
VERB_ROW("report campaigns", "", 0, 0, "channel zone campaign offer-code segment version by since until limit no-chart no-header", "compare campaigns and cells by their acceptance", verb_report_campaigns,
	"The funnel by campaign and cell; see: parley report funnel --help\n\n"
	"Examples:\n"
	"  parley report campaigns --env production\n"
	"  parley report campaigns --campaign SPRING --by cell,version\n")
VERB_ROW("report control", "", 0, 0, "channel campaign offer-code version by since until limit no-chart no-header", "compare those who were held out with those who were not", verb_report_control,
	"For every cell with a control group: the visitors whom its rules were for, as far as segments and dates say, whether they were "
	"offered anything or not (TARGET), and those whom the control share held out (CONTROL). A visitor counts once a cell, on the side "
	"on which it first was in the period; MOVED were on both, as the share was changed. ACCEPTED is whoever then accepted, before the "
	"period's end, one of the offers that the cell offered in the period, whichever way it reached them: by another cell, a code, later. "
	"DIFFERENCE is TARGET-RATE less CONTROL-RATE, with its 95 % confidence interval (Newcombe); LIFT is it as a share of CONTROL-RATE. "
	"P-VALUE is of the two-sided two-proportion test; without one there are too few. The chart is the interval, with a line at 0. "
	"--version: only visitors as that version of the deployment had them. --by may add environment and day (of first being there).\n\n"
	"Examples:\n"
	"  parley report control --env production --campaign SPRING\n"
	"  parley report control --env production --offer-code GOLD --since 2026-03-01 --until 2026-04-01\n"
	"  parley report control --by campaign,cell,day --since 14d -o csv\n")
VERB_ROW("report responses", "", 0, 0, "channel zone campaign offer-code segment version by since until limit no-chart no-header", "count responses by type, and how long they took", verb_report_responses,
	"Responses by the moment at which they came. LATER came in another session than the contact, or without one. Delays are "
	"seconds since the offer was first shown: half the responses took at most MEDIAN-DELAY-S.\n\n"
	"Examples:\n"
	"  parley report responses --env production --since 7d\n"
	"  parley report responses --by channel,campaign -o csv\n")
VERB_ROW("report activity", "", 0, 0, "channel zone campaign offer-code segment version by since until limit no-chart no-header", "count what happened day by day", verb_report_activity,
	"Sessions begun, points answered (ANSWERS) and how many of them with default content, offers recommended, contacts, responses, "
	"events: by the moment at which they happened. Sessions belong to no zone, campaign, offer or segment.\n\n"
	"Examples:\n"
	"  parley report activity --env production --since 14d\n"
	"  parley report activity --by channel,version --since 24h\n")
VERB_ROW("orphans list", "", 0, 0, "channel kind all reason limit", "show responses that could not be matched, newest first", verb_orphans_list,
	"Responses that came without a session are matched to what was shown. What could not be is an orphan, with a reason:\n"
	"  no_such_treatment, no_such_code  nothing of that code became known in time\n"
	"  before_contact, outside_window   it came before the offer, or too long after it\n"
	"  ambiguous                        several custom codes are valid for it\n"
	"  unknown_type, transition_refused what it says is no outcome type, or does not follow on what was known before\n"
	"With --kind waiting, matched or discarded those are shown instead; with --all every late response.\n\n"
	"Examples:\n"
	"  parley orphans list --env production\n"
	"  parley orphans list --env production --reason outside_window -o json\n"
	"  parley orphans list --env production --kind waiting\n")
VERB_ROW("orphans show", "ID --env ENVIRONMENT", 1, 1, "", "show one late response", verb_orphans_show,
	"Examples:\n"
	"  parley orphans show 17 --env production\n")
VERB_ROW("orphans match", "ID --treatment CODE --env ENVIRONMENT", 1, 1, "treatment", "say which treatment a late response answers to", verb_orphans_match,
	"It then counts as if it had been matched by itself, however long ago the offer was shown. The audit tells who did it.\n\n"
	"Examples:\n"
	"  parley history --env production --visitor 4711 --kind contact\n"
	"  parley orphans match 17 --treatment 05D2ZKQ8T3HV1M9AB00 --env production\n")
VERB_ROW("orphans discard", "(ID | --all --reason REASON) --env ENVIRONMENT", 0, 1, "all reason comment", "give up orphans", verb_orphans_discard,
	"One by its number, or with --all every orphan that has the reason. They stay listed (--kind discarded) until they are deleted.\n\n"
	"Examples:\n"
	"  parley orphans discard 17 --env production -m 'a test call'\n"
	"  parley orphans discard --all --reason no_such_code --env production\n")
VERB_ROW("outcomes import", "FILE --env ENVIRONMENT", 1, 1, "mapping delimiter rejects dry-run", "take reports of outbound systems in: sent, opened, bounced …", verb_outcomes_import,
	"FILE is CSV whose first line has titles, or one JSON object a line. Fields are treatment_code (or offer_code with audience_level "
	"and audience_id, or custom_code), outcome (parley get outcome-types), time, and if there are such channel and event_id; where the "
	"file calls one otherwise, --mapping says so. Each report counts once by its event_id, or without one by what it says: so an "
	"import that was cut off is simply done again. Rows that cannot be taken go to FILE.rejects (--rejects) with line and reason; "
	"then the exit code is 1. What is taken is matched to treatments within moments; at the end stands how many were, how many wait for "
	"a treatment that is not known yet, and how many are orphans: no such treatment, too early or too late, or a step that the "
	"treatment's path does not allow (parley orphans list --env ENVIRONMENT tells of each).\n\n"
	"Examples:\n"
	"  parley outcomes import letters.csv --env production\n"
	"  parley outcomes import letters.jsonl --env production --dry-run\n"
	"  parley outcomes import mailer.csv --env production --delimiter ';' --mapping treatment_code=Tag --mapping time=When\n")
VERB_ROW("outcomes show", "TREATMENT --env ENVIRONMENT", 1, 1, "", "show what became of a treatment, step by step", verb_outcomes_show,
	"The present outcome, the whole path to it in the order of time, and what was reported and did not fit it.\n\n"
	"Examples:\n"
	"  parley outcomes show 2KQ7-0001 --env production\n"
	"  parley outcomes show 2KQ7-0001 --env production -o json\n")
VERB_ROW("outcomes list", "", 0, 0, "channel visitor kind limit", "list treatments with their present outcomes, newest first", verb_outcomes_list,
	"--kind OUTCOME: only those whose present outcome is of this type, or of one within it.\n\n"
	"Examples:\n"
	"  parley outcomes list --env production --kind sent\n"
	"  parley outcomes list --visitor 1003 --limit 100 -o json\n")
VERB_SECTION("Planning and estimating")
VERB_ROW("events import", "FILE --name NAME --audience LEVEL:KEY[=TITLE],…", 1, 1, "name audience attribute points mapping delimiter rejects memory restart", "make an event set of a file, to plan over", verb_events_import,
	"FILE is CSV whose first line has titles, or one JSON object a line; one event a row, in any order. --audience says whose it is and "
	"which columns are the keys, --attribute which ones the touchpoint sets. The others have names, and where the file calls one "
	"otherwise, --mapping says so:\n"
	"  time        RFC 3339, a day, or a number since 1970\n"
	"  session     without it, what a visitor does within the channel's idle time is one\n"
	"  event       that was posted; offer: what it is about\n"
	"  points      where offers were asked for: home:3,basket; or --points for every row\n"
	"  event_id    the source's own\n"
	"  shown, shown_at, reward, propensity   what was really shown, what came of it, and how likely that was\n"
	"An event must post or ask. A set has a name here and is named by its content: the same events are the same bytes. Rows that "
	"cannot be used go to FILE.rejects (--rejects) with line and reason; then the exit code is 1. An import that was cut off goes on "
	"where it was when it is started again. Sets are kept in $PARLEY_WORKBENCH, else ~/.local/share/parley.\n\n"
	"Examples:\n"
	"  parley events import june.csv --name june --audience customer:customer_id --points home-hero:3\n"
	"  parley events import clicks.jsonl --name clicks --audience visitor:cookie=uid --mapping time=ts --attribute device=ua\n")
VERB_ROW("events collect", "--name NAME --env ENVIRONMENT --channel CHANNEL --since TIME", 0, 0, "name channel since until memory restart", "make an event set of what the history recorded", verb_events_collect,
	"Told again is what touchpoints did: offers asked for, by the receipts of decisions with the points, how many, and the attributes "
	"that the decision was given, unless they are defaults; and events posted, about the same offers. What followed by itself (delayed "
	"actions, triggered events) a plan makes anew. What the history cannot tell is counted and told: responses without a session, "
	"conditions on offers, attributes of questions whose receipt was too long to be kept. Sessions begin with the first thing "
	"that is known of them, so attributes set before count from the first question on; profiles: parley plan run --database. "
	"The same period is the same set, once servers have shipped all of it. One that was cut off goes on when it is started again.\n\n"
	"Examples:\n"
	"  parley events collect --name june --env production --channel bank --since 2026-06-01 --until 2026-07-01\n"
	"  parley events collect --name of-late --env staging --channel bank --since 24h -o json\n")
VERB_ROW("events list", "", 0, 0, "", "list event sets", verb_events_list,
	"Examples:\n"
	"  parley events list\n"
	"  parley events list -o json\n")
VERB_ROW("events show", "SET", 1, 1, "limit", "show an event set and its first events", verb_events_show,
	"Examples:\n"
	"  parley events show june\n"
	"  parley events show june --limit 1000 -o json\n")
VERB_ROW("events verify", "SET", 1, 1, "", "read an event set whole and hold it against its digest", verb_events_verify,
	"Examples:\n"
	"  parley events verify june\n")
VERB_ROW("events remove", "SET", 1, 1, "", "remove an event set, or what is there of one that was broken off", verb_events_remove,
	"Plans that were made over it stay.\n\n"
	"Examples:\n"
	"  parley events remove june\n")
VERB_ROW("plan run", "SET --snapshot SOURCE --name NAME", 1, 1, "snapshot name state-file profiles database contact seed explain brief threads", "tell what a set of events would do with a snapshot", verb_plan_run,
	"Tells the events to the runtime's own code, without network, disk and clock: sessions, events, offers, visitor state. Nothing "
	"happens but that a plan is written. The same set, snapshot, state, profiles and seed give the same plan, byte for byte, on any "
	"number of threads. With --contact EVENT every offer that is recommended counts as shown. --explain counts the reasons of "
	"candidates as well. Broken off, the same command goes on.\n"
	"--brief is for looking and comparing: what is recommended is kept by offer, rule and score, which takes half to a sixth of the room "
	"and less time. Without receipts plan compare tells why from these alone, and such a plan cannot be submitted; made again without "
	"--brief, from the same inputs, it recommends the same, treatment codes included.\n"
	"Visitors begin with nothing, or with --state-file: a state that parley plan state made, or a server's checkpoint. Their profiles "
	"are what events say of attributes, before --profiles or, with --database, what the environment's profile database has now of "
	"everybody in the set; that is read once, before the plan, as a server reads it.\n"
	"SOURCE is a file, ENVIRONMENT:CHANNEL for what servers run, ENVIRONMENT:CHANNEL@VERSION for a deployment (one that waits for "
	"approvals, too), or working:CHANNEL for what is configured now: it is built for the plan alone, and nothing is recorded.\n\n"
	"Examples:\n"
	"  parley plan run june --snapshot production:bank --name as-it-is\n"
	"  parley plan run june --snapshot test:bank@7 --name bolder --contact offer-shown --seed 1\n"
	"  parley plan run june --snapshot working:bank --name as-edited\n"
	"  parley plan run june --snapshot production:bank --name live --state-file end-of-may \\\n"
	"    --database 'host=db dbname=profiles user=profile_reader'\n")
VERB_ROW("plan state", "NAME (--state STATE_DIR | --from-history --env ENVIRONMENT) | list | remove NAME", 1, 2, "state checkpoint from-history database until", "keep, list and remove the visitor state that plans are to begin with", verb_plan_state,
	"With --state (or --checkpoint FILE) it is the newest that a runtime server wrote of itself: contacts, responses, counters, what is "
	"suppressed. With --from-history it is folded from what PostgreSQL has of all servers of the environment before --until (now), "
	"by the code that serves, with a login that may read the history; late and imported responses are in it, as of when visitors "
	"responded. Recommendations, which only wait to be quoted, are not. The same history is the same bytes.\n"
	"list tells those that are there: of when, from where, how large; remove takes one away, and plans that began with it stay.\n\n"
	"Examples:\n"
	"  parley plan state live --state /var/lib/parley\n"
	"  parley plan state end-of-may --from-history --env production --until 2026-06-01 --database 'host=db dbname=parley user=parley_reader'\n"
	"  parley plan run june --snapshot production:bank --name as-it-was --state-file end-of-may\n"
	"  parley plan state list\n"
	"  parley plan state remove end-of-may\n")
VERB_ROW("plan list", "", 0, 0, "", "list plans", verb_plan_list,
	"Examples:\n"
	"  parley plan list\n"
	"  parley plan list -o json\n")
VERB_ROW("plan show", "PLAN", 1, 1, "place clip", "show what a plan sums up to, or all that one event would do", verb_plan_show,
	"Told are sums by offer, zone, point, segment, campaign and cell, problems, and, if the event set carries outcomes, what the plan "
	"is worth (parley plan compare --help). --place N tells one event instead, by its place in the set: every entry that it would "
	"leave, segments entered and left, problems, and why each candidate was or was not offered, decided again for this. --env ENVIRONMENT "
	"tells how the plan stands there as well: approvals, what has been executed, or why it was refused.\n\n"
	"Examples:\n"
	"  parley plan show bolder\n"
	"  parley plan show bolder --place 17\n"
	"  parley plan show bolder --env production\n"
	"  parley plan show bolder -o json | jq .problems_by_reason\n")
VERB_ROW("plan compare", "PLAN PLAN…", 2, 8, "limit quick clip", "tell who would get something else in another plan, why, and what it is worth", verb_plan_compare,
	"All must be over the same events; the first is what the others are held against. Each question is compared by its first offer; "
	"told are how many differ, by zone and segment, as a matrix of offers, and --limit examples (10), some of each cause. Why is found "
	"by deciding both again: what became of the offer that is lost, or else what let the other one win. It is a matter of\n"
	"  segment, rule, eligibility, offer, campaign, zone   and then its name\n"
	"  suppression, limit, control group, blacklist        likewise\n"
	"  score                                               both stand, and one beats the other\n"
	"--quick does not decide again and guesses from the records, and so it is with brief plans. Exits 1 if anything differs.\n\n"
	"If the events were imported with shown, reward and propensity, each plan's expected value is estimated, per decision with 95 % "
	"intervals, as parley estimate does: read dr first, and support before that: with none, no number means anything. --clip N cuts "
	"weights at N.\n\n"
	"Examples:\n"
	"  parley plan compare as-it-is bolder\n"
	"  parley plan compare as-it-is bolder boldest --limit 50\n"
	"  parley plan compare as-it-is bolder --limit 1000 -o json | jq '.comparisons[0].examples[] | select(.why == \"suppression\")'\n")
VERB_ROW("plan report", "PLAN [PLAN…]", 1, 8, "html limit quick clip", "tell all of a plan, or of several over the same events, to read or to print", verb_plan_report,
	"What was planned and with what, the hash of the effects that an approval signs, sums, problems, what would change and why, examples, "
	"expected values. On the terminal, with -o json, or with --html as one file that needs nothing else and runs no script.\n\n"
	"Examples:\n"
	"  parley plan report as-it-is bolder --html june.html\n"
	"  parley plan report bolder\n")
VERB_ROW("plan verify", "PLAN", 1, 1, "", "read a plan whole and hold it against its digest", verb_plan_verify,
	"Examples:\n"
	"  parley plan verify bolder\n")
VERB_ROW("plan submit", "PLAN --env ENVIRONMENT", 1, 1, "comment", "hand a plan in, to be approved and executed in an environment", verb_plan_submit,
	"Sends the plan's effects to the design server, which keeps them until they are executed or withdrawn. Cut off, the same command "
	"goes on. A plan is named by its effects, so it is there once, whoever submits it again. A warning tells if the environment runs "
	"another snapshot than the plan was made with: its execution would be refused.\n\n"
	"A plan comes about in these steps: events import, plan run, plan compare, plan submit; plan approve by as many others as the "
	"environment asks for with deployments; plan execute.\n\n"
	"Examples:\n"
	"  parley plan submit bolder --env production -m \"a year of visits, once more\"\n")
VERB_ROW("plan submitted", "--env ENVIRONMENT", 0, 0, "", "list the plans that were submitted, the newest first", verb_plan_submitted,
	"Examples:\n"
	"  parley plan submitted --env production\n"
	"  parley plan submitted --env production -o json | jq '.[] | select(.state == \"refused\") | .reason'\n")
VERB_ROW("plan approve", "PLAN --env ENVIRONMENT --key FILE", 1, 1, "key root passphrase-file comment yes", "sign a submitted plan, on your own machine", verb_plan_approve,
	"Signed are the plan's exact effects, the environment, and what the plan was made of; a signature for one environment is none for "
	"another. You need the plan in your workbench, because you sign what you can look at: have its file given to you, or make it again "
	"from the same events, snapshot and seed, which gives the same bytes. Who submitted a plan cannot approve it; how many others must, "
	"the environment's root says, as for deployments.\n\n"
	"Examples:\n"
	"  parley plan show bolder --env production\n"
	"  parley plan approve bolder --env production --key ~/keys/ann.pem\n")
VERB_ROW("plan execute", "PLAN --env ENVIRONMENT", 1, 1, "no-wait", "bring what a plan does into the history and to the runtime servers, once", verb_plan_execute,
	"First the world is looked at. The plan is refused, and nothing is changed, if\n"
	"  - the environment runs another snapshot than the plan's, or not on every server;\n"
	"  - a visitor of the plan has a contact, a response or an effect of an event in the history that the plan did not begin with;\n"
	"  - an event of the plan, by its source's ID, is in the history already;\n"
	"  - a plan of the same seed was executed there: its treatment codes would come twice.\n"
	"Then the plan's sessions, recommendations, contacts, responses and events become history, at their own times, each row naming the "
	"plan; and every runtime server of the environment is told what happened to visitors, which counts from when it is told, in the "
	"volume limits of each server as a whole. Nothing stops an execution that has begun: it goes on when servers come back. Done "
	"again, it changes nothing.\n\n"
	"PLAN may also be a digest, or its first digits, of a plan that was submitted.\n\n"
	"Examples:\n"
	"  parley plan execute bolder --env production\n"
	"  parley history --env production --plan bolder\n")
VERB_ROW("plan withdraw", "PLAN --env ENVIRONMENT", 1, 1, "comment", "give up a submitted plan whose execution has not begun", verb_plan_withdraw,
	"Its approvals go, and so do its effects from the design server; the plan in your workbench stays.\n\n"
	"Examples:\n"
	"  parley plan withdraw bolder --env production -m \"the cards are sold out\"\n")
VERB_ROW("plan remove", "PLAN", 1, 1, "", "remove a plan, or what is there of one that was broken off", verb_plan_remove,
	"Examples:\n"
	"  parley plan remove bolder\n")
VERB_ROW("estimate", "LOG --policy FILE", 1, 1, "policy clip mapping delimiter rejects", "tell what another policy would have earned, from a log of chances", verb_estimate,
	"LOG has one decision a row: offer, reward (1 or 0, or money), propensity (how likely that offer was, above 0), and if there are "
	"such place (a point, zone or position) and visitor, whose rows hang together. The policy has offer, probability and perhaps "
	"place; what is missing to 1 shows nothing. Both are CSV with titles, or one JSON object a line; where the log calls a field "
	"otherwise, --mapping says so. Told are, per row of the log, with 95 % intervals:\n"
	"  logged  what was earned\n"
	"  ipw     inverse propensity: unbiased, and wild when weights are large\n"
	"  snipw   the same, self-normalised: much steadier\n"
	"  dr      doubly robust: corrects a simple model; read this one first\n"
	"  gain    dr less logged\n"
	"and whether the log can tell at all (support: good, weak, none), with why. With none the exit code is 1. --clip N cuts weights "
	"at N. Rows that cannot be used go to LOG.rejects (--rejects).\n\n"
	"Examples:\n"
	"  parley estimate log.csv --policy bolder.csv\n"
	"  parley estimate men.csv --policy bts.csv --mapping offer=item_id --mapping reward=click \\\n"
	"    --mapping propensity=propensity_score --mapping place=position --clip 50 -o json\n")
VERB_SECTION("Runtime servers' journals")
VERB_ROW("journal inspect", "DIR", 1, 1, "", "show what a runtime server's journal folder holds", verb_journal_inspect,
	"DIR is the folder journal in the server's state_dir, or the state_dir. It is only read, and without its lock, so the server "
	"may run meanwhile. One line a segment: which records, when, how far they are marked as shipped; above it how many there are "
	"of each kind, and the files that recovery put aside.\n\n"
	"Examples:\n"
	"  parley journal inspect /var/lib/parley/journal\n"
	"  parley journal inspect /var/lib/parley -o json | jq .kinds\n")
VERB_ROW("journal verify", "DIR", 1, 1, "", "check every record of a journal folder", verb_journal_verify,
	"Checks each record's checksum and sequence, and tells what is wrong with the file, the place in it and what to do:\n"
	"  DAMAGED     bytes that are no record, before valid ones\n"
	"  GAP         records are missing\n"
	"  LOST        records are missing since an earlier start, which noted it\n"
	"  FOREIGN     a record of another runtime server\n"
	"  UNREADABLE  a sound record that holds no entry\n"
	"and what is ordinary: TORN, a tail that a crash cut off, and GROWING, the tail that a server is writing. Exits 1 if "
	"something is wrong. What the server's next start would do with it is decided by the same rules.\n\n"
	"Examples:\n"
	"  parley journal verify /var/lib/parley/journal\n"
	"  parley journal verify /backup/journal || mail -s 'journal damaged' operations\n")
VERB_ROW("journal tail", "DIR", 1, 1, "limit follow visitor session event kind", "show the newest records of a journal folder", verb_journal_tail,
	"The last 20 records (-n: more), or the last of those that --visitor, --session, --event and --kind let through, oldest first; "
	"with --follow also those that are written from now on. Kinds are session_started, cells_changed, session_ended, recommendation, "
	"event_posted, ... and lost; the beginning of one is enough. With -o json one object a line, with the whole entry.\n\n"
	"Examples:\n"
	"  parley journal tail /var/lib/parley/journal\n"
	"  parley journal tail /var/lib/parley/journal --follow --visitor 4711\n"
	"  parley journal tail /var/lib/parley/journal -n 1000 --kind event --event accept -o json | jq .offer\n")
VERB_ROW("journal replay", "DIR --check", 1, 1, "check checkpoint state from-start from-history database server now", "fold visitor state again from the journal, and compare", verb_journal_replay,
	"Rebuilds what a runtime server remembers of visitors, and every counter, from its journal, and compares the result byte for "
	"byte with the newest checkpoint that the server wrote of it (every few minutes, at its end, on SIGUSR1; --now asks for one). "
	"DIR is its state_dir. The fold begins with the checkpoint before the newest, for whose beginning the journal may have been "
	"shipped and deleted; --from-start begins with nothing, which takes a journal that is still whole. The server may run. "
	"With --from-history the fold is over what PostgreSQL has of the server (--env, --server: its ID) instead, from the beginning; "
	"recommendations, which only wait to be quoted, are not compared then. If the server is older than what the history has of it "
	"(retention removed the rest, or the design server was upgraded since), a note says from when on all is there.\n"
	"Exits 0 if they are equal, 1 if they differ (each place is told), 7 if the journal lacks records or is damaged.\n\n"
	"Examples:\n"
	"  parley journal replay /var/lib/parley --check\n"
	"  parley journal replay /var/lib/parley --check --now -o json\n"
	"  parley journal replay /var/lib/parley --check --from-history --env production --server rt1 \\\n"
	"    --database 'host=db dbname=parley user=parley_reader'\n"
	"  parley journal replay /backup/journal --state /backup/state --check --from-start\n")
VERB_SECTION("Codes and visitors")
VERB_ROW("source-codes issue", "--env ENVIRONMENT --channel CHANNEL --offer-code CODE", 0, 0, "channel offer-code campaign cell count expires", "issue codes for paper and telephone", verb_source_codes_issue,
	"A source code stands for an offer where no link can be clicked: XXXX-XXXX-XXXX, without letters that look like digits, and the "
	"last character finds slips. At LINK, the environment's address with /s/ and the code, a browser is led on to the offer's "
	"destination; an agent who is told the code reports it as custom_code of PostResponse. Either way the response counts for the "
	"campaign and cell that the code was issued for, and a visit counts once per code: give every print its own.\n\n"
	"Examples:\n"
	"  parley source-codes issue --env production --channel bank --offer-code GOLD\n"
	"  parley source-codes issue --env production --channel bank --offer-code GOLD --campaign SPRING --cell PRINT --count 5000 -o json\n"
	"  parley source-codes issue --env production --channel bank --offer-code GOLD --expires 90d\n")
VERB_ROW("source-codes list", "[CODE]", 0, 1, "channel offer-code limit", "show source codes, newest first", verb_source_codes_list,
	"CODE is read as people write it: in either case, with or without hyphens.\n\n"
	"Examples:\n"
	"  parley source-codes list --env production --offer-code GOLD\n"
	"  parley source-codes list 'k7q2 m9tx 3fhn' -o json\n")
VERB_ROW("visitor export", "--env ENVIRONMENT --audience LEVEL:KEY=VALUE", 0, 0, "audience channel database table", "hand out all that is known of a visitor", verb_visitor_export,
	"Sessions, recommendations, contacts, responses, events, outcomes and late responses as one JSON document; also which configuration "
	"names the visitor, and as whom else sessions of the visitor's were known. What runtime servers remember is made of the same "
	"records. The profile is the data administrator's own table: with --database and --channel its row is read too, with that login.\n\n"
	"Examples:\n"
	"  parley visitor export --env production --audience customer:customer_id=1010\n"
	"  parley visitor export --env production --audience customer:customer_id=1010 -o json > 1010.json\n"
	"  parley visitor export --env production -a customer:customer_id=1010 -o json --channel bank --database 'dbname=profiles user=crm'\n")
VERB_ROW("visitor erase", "--env ENVIRONMENT --audience LEVEL:KEY=VALUE --reason TEXT", 0, 0, "audience reason yes dry-run no-wait channel database table", "erase a visitor everywhere, with proof in the audit", verb_visitor_erase,
	"Shows what would go, asks, and then erases the visitor in the history and on every runtime server: open sessions end, what is "
	"remembered is forgotten, and journals and checkpoints are rid of it. It follows until every server has confirmed; one that is "
	"away does it when it is back, without anybody asking again. The audit has who asked, when and why, and what each place "
	"confirmed, under a hash that tells nobody the ID; so must not the reason. Counts of offers stay, which name nobody. "
	"What arrives later about the time before is not taken in. The visitor may come again, as a new one.\n"
	"Configuration that names the visitor (lists, blacklists, score overrides) is told and not changed. With --database and --channel the "
	"row of the profile table is deleted too.\n\n"
	"Examples:\n"
	"  parley visitor erase --env production --audience customer:customer_id=1010 --dry-run\n"
	"  parley visitor erase --env production --audience customer:customer_id=1010 --reason 'request 2026-117'\n"
	"  parley visitor erase --env production -a customer:customer_id=1010 --reason 'request 2026-117' --yes --no-wait -o json\n")
VERB_ROW("visitor erasures", "", 0, 0, "limit", "show who was erased, and what is still under way", verb_visitor_erasures,
	"Examples:\n"
	"  parley visitor erasures --env production\n"
	"  parley visitor erasures -o json\n")
VERB_SECTION("Audit")
VERB_ROW("audit", "[KIND [NAME]]", 0, 2, "channel limit", "show who changed what, newest first", verb_audit,
	"Examples:\n"
	"  parley audit\n"
	"  parley audit offer gold-card -o yaml\n")
VERB_ROW("audit verify", "", 0, 0, "file root", "hold the audit against what was signed", verb_audit_verify,
	"Each entry has a hash over itself and the entry before. Where this chain stands goes into the timestamps that the design "
	"server signs and the runtime servers keep: these are the checkpoints. All entries are read and the chain is computed here; then it "
	"is held against the checkpoints of the runtime server of each environment in the context, and those of the design server. "
	"So entries that were edited, deleted, moved, put in or cut off are found, even if somebody who may everything in the database made "
	"the chain anew. What came after the newest checkpoint is the exception: it is counted.\n\n"
	"Timestamps are verified by the keys of their environment's root. With --root (may be repeated) that is the one you keep, "
	"and those that follow it; without, the roots that the servers tell are believed.\n"
	"With --file nothing is asked of any server: an export (parley audit export) is verified.\n\n"
	"Exits 0 if the audit is what was written, 1 if it was changed or a checkpoint's signature is not good, 6 if a "
	"server could not be asked, or no checkpoint vouches for anything.\n\n"
	"Examples:\n"
	"  parley audit verify\n"
	"  parley audit verify --root production-root.json --root staging-root.json\n"
	"  parley audit verify --file audit.jsonl --root production-root.json\n")
VERB_ROW("audit export", "FILE", 1, 1, "", "write the audit and its checkpoints to a file", verb_audit_export,
	"One JSON object a line: roots, then checkpoints, then all entries. - is standard output. audit verify --file reads it.\n\n"
	"Examples:\n"
	"  parley audit export audit.jsonl\n")
VERB_SECTION("Profiles and expressions")
VERB_ROW("profile import", "FILE", 1, 1, "database table level channel schema delimiter create rejects number", "load a CSV file into a profile table", verb_profile_import,
	"FILE has a header line; its columns are matched to the audience level's keys and attributes by name, or by the names of "
	"their table columns ('emp.var.rate' matches emp_var_rate). Other columns are left out. Rows that are there already are "
	"replaced. Bad rows go, each with its reason, to the rejects file, and are counted; the others are imported in one "
	"transaction. The audience level is read from the design server, or from a YAML file with --schema.\n\n"
	"Examples:\n"
	"  parley profile import customers.csv --database 'host=/run/pg dbname=profiles' --level customer --channel bank --create\n"
	"  parley profile import bank.csv --delimiter ';' --schema bank.yaml --level customer --number customer_id \\\n"
	"      --database 'service=profiles' --table customer_profile\n")
VERB_ROW("expr eval", "EXPRESSION", 1, 1, "bind", "evaluate an expression", verb_expr_eval,
	"Expressions are CEL over declared attributes. Here --env declares one: --env NAME:TYPE, TYPE being bool, int, uint, double, "
	"string, bytes, timestamp, duration or list(T); --bind gives it a value, and one without is a missing attribute.\n\n"
	"Examples:\n"
	"  parley expr eval --env age:int --bind age=42 'age >= 18 && age < 65'\n"
	"  parley expr eval --env 'tags:list(string)' --bind tags=a,b '\"a\" in tags'\n"
	"  parley expr eval -- '-7 / 2'\n")
VERB_ROW("expr check", "EXPRESSION", 1, 1, "", "check an expression and print its type", verb_expr_check,
	"--env declares attributes, as for expr eval.\n\n"
	"Examples:\n"
	"  parley expr check --env age:int 'age * 2'\n"
	"  parley expr check --env 'tags:list(string)' 'tags.map(t, {t: size(t)})'\n")
VERB_ROW("expr disassemble", "EXPRESSION", 1, 1, "", "show the program that an expression compiles to", verb_expr_disassemble,
	"--env declares attributes, as for expr eval.\n\n"
	"Examples:\n"
	"  parley expr disassemble --env age:int 'age >= 18 && age < 65'\n")
VERB_SECTION("Users and contexts")
VERB_ROW("login", "[USER]", 0, 1, "password-file lifetime", "sign in on the design server", verb_login,
	"Asks for the password unless it is in a file. The token is kept beside the configuration, in a file that only you can read.\n\n"
	"Examples:\n"
	"  parley login anna\n"
	"  pass show parley | parley login anna --password-file -\n")
VERB_ROW("logout", "", 0, 0, "", "end the token and forget it", verb_logout,
	"Examples:\n"
	"  parley logout\n")
VERB_ROW("whoami", "", 0, 0, "", "tell who is signed in, and for how long", verb_whoami,
	"Examples:\n"
	"  parley whoami\n")
VERB_ROW("user create", "NAME", 1, 1, "role password-file", "make a user (administrators)", verb_user_create,
	"The role is for all environments, or for the one that --env names. parley help user grant tells the roles.\n\n"
	"Examples:\n"
	"  parley user create anna --role designer\n"
	"  parley user create paul --role approver --env production\n")
VERB_ROW("user grant", "NAME ROLE", 2, 2, "", "give a user a role, in one environment or in all (administrators)", verb_user_grant,
	"No role contains another, so people may have several:\n"
	"  viewer         reads\n"
	"  designer       changes configuration, deploys to the first environment\n"
	"  qa             tries what is deployed, hands in evidence\n"
	"  approver       approves what others deploy, with a key of their own\n"
	"  administrator  keeps users and environments, promotes, rolls back, undeploys; may do all but approve\n\n"
	"With --env the role is for that environment alone. What all environments share (offers, rules, users) is changed by those "
	"who have the role for all of them. It holds at once, also for who is signed in.\n\n"
	"Examples:\n"
	"  parley user grant anna approver --env production\n"
	"  parley user grant dora designer\n")
VERB_ROW("user revoke", "NAME ROLE", 2, 2, "", "take such a role away again (administrators)", verb_user_revoke,
	"Examples:\n"
	"  parley user revoke anna approver --env production\n")
VERB_ROW("user grants", "", 0, 0, "", "list who has which role where (administrators)", verb_user_grants,
	"With --env: who may do anything in that environment.\n\n"
	"Examples:\n"
	"  parley user grants\n"
	"  parley user grants --env production\n")
VERB_ROW("user list", "", 0, 0, "", "list users (administrators)", verb_user_list,
	"Examples:\n"
	"  parley user list\n")
VERB_ROW("user passwd", "NAME", 1, 1, "password-file role", "set a user's password or role (administrators)", verb_user_passwd,
	"With --role alone the password stays. The role takes the place of all that the user has for all environments.\n\n"
	"Examples:\n"
	"  parley user passwd anna\n"
	"  parley user passwd anna --role approver\n")
VERB_ROW("user delete", "NAME", 1, 1, "", "remove a user and end all the user's tokens (administrators)", verb_user_delete,
	"Examples:\n"
	"  parley user delete anna\n")
VERB_ROW("context list", "", 0, 0, "", "list contexts: which servers there are and how to reach them", verb_context_list,
	"Examples:\n"
	"  parley context list\n")
VERB_ROW("context use", "NAME", 1, 1, "", "make a context the current one", verb_context_use,
	"Examples:\n"
	"  parley context use work\n")
VERB_ROW("context set", "NAME", 1, 1, "ca server-name certificate key token-file", "make or change a context", verb_context_set,
	"With --design, --ca and --server-name it says where the design server is. With --env it says so of a runtime server of "
	"that environment, and with --certificate and --key, or --token-file, what to show it. Without --ca a connection is in "
	"plaintext, which only goes to this machine. The first context becomes the current one.\n\n"
	"Examples:\n"
	"  parley context set work --design design.example:7400 --ca ca.crt\n"
	"  parley context set work --env production --runtime rt1.example:7503 --ca ca.crt --certificate web.crt --key web.key\n"
	"  parley context set work --env test --runtime 127.0.0.1:7501 --ca ca.crt --token-file test.token\n")
VERB_SECTION("This program")
VERB_ROW("version", "", 0, 0, "", "print the program's version; with --env or --runtime, a runtime server's", verb_version,
	"Examples:\n"
	"  parley version\n"
	"  parley version --env production\n")
VERB_ROW("completion", "bash", 1, 1, "", "print the completion of a shell", verb_completion,
	"Examples:\n"
	"  source <(parley completion bash)\n")
VERB_ROW("help", "[exit-codes | VERB…]", 0, 3, "", "explain a verb, or the exit codes", verb_help,
	"Examples:\n"
	"  parley help rollout status\n"
	"  parley help exit-codes\n")
#undef VERB_SECTION
