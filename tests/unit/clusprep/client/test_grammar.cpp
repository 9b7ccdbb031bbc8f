// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/grammar.hpp"

#include "tests/unit/cmocka.hpp"

#include <set>
#include <string>
#include <vector>

using namespace mpapi;
using namespace mpapi::client;

namespace {

Parsed parsed(const std::vector<const char*>& words) {
    std::vector<const char*> arguments{"clusprep"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return parse(static_cast<int>(arguments.size()), arguments.data());
}

Invocation good(const std::vector<const char*>& words) {
    const Parsed made = parsed(words);
    if (const auto* stop = std::get_if<Stop>(&made)) print_error("%s\n", stop->text.c_str());
    assert_true(std::holds_alternative<Invocation>(made));
    return std::get<Invocation>(made);
}

std::string wrong(const std::vector<const char*>& words) {
    const Parsed made = parsed(words);
    assert_true(std::holds_alternative<Stop>(made));
    const Stop& stop = std::get<Stop>(made);
    assert_true(stop.wrong);
    assert_int_equal(stop.exit, exit_usage);
    return stop.text;
}

std::string verb_of(const Invocation& invocation) {
    assert_non_null(invocation.command.verb);
    return std::string(invocation.command.verb->name);
}

void every_method_of_the_six_interfaces_has_a_verb(void**) {
    std::set<std::string> called;
    for (const Verb& verb : verbs()) {
        std::string calls(verb.calls);
        for (std::size_t at = 0; at < calls.size();) {
            std::size_t end = calls.find(", ", at);
            if (end == std::string::npos) end = calls.size();
            const std::string method = calls.substr(at, end - at);
            if (method.find(' ') == std::string::npos) called.insert(method); // no "X to Y"
            at = end + 2;
        }
    }
    assert_int_equal(called.size(), 43);
}

void a_disk_is_named_in_three_ways(void**) {
    auto made = good({"disk", "props", "node1", "3"});
    assert_text_equal(verb_of(made), "disk props");
    assert_text_equal(made.command.node, "node1");
    assert_true(made.command.disk == csvp::DiskId::of_number(3));
    made = good({"disk", "props", "node1", "number:12"});
    assert_true(made.command.disk == csvp::DiskId::of_number(12));
    made = good({"disk", "props", "node1", "signature:1A2b3c4d"});
    assert_true(made.command.disk == csvp::DiskId::of_signature(0x1a2b3c4d));
    made = good({"disk", "props", "node1", "guid:{0f0e0d0c-0b0a-0908-0706-050403020100}"});
    assert_text_equal(text(made.command.disk), "guid:0f0e0d0c-0b0a-0908-0706-050403020100");
}

void what_names_no_disk_is_refused_with_the_reason(void**) {
    for (const char* name : {"", "-1", "3x", "4294967296", "signature:", "signature:1a2b3c4d5",
                             "guid:0f0e0d0c", "serial:7", "number:", "0x3", " 3"}) {
        const std::string said = wrong({"disk", "props", "node1", name});
        assert_true(said.find("clusprep disk props --help") != std::string::npos);
    }
    assert_true(wrong({"disk", "props", "node1", "serial:7"})
                    .find("expected a number, signature:HEX or guid:UUID") != std::string::npos);
}

void options_stand_anywhere(void**) {
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"--json", "--user", "EX\\adm", "--port", "1135", "disk", "list", "n1"},
             {"disk", "--json", "list", "--user", "EX\\adm", "n1", "--port", "1135"},
             {"disk", "list", "n1", "--port=1135", "--user=EX\\adm", "--json"}}) {
        const Invocation made = good(words);
        assert_text_equal(verb_of(made), "disk list");
        assert_text_equal(made.command.node, "n1");
        assert_text_equal(made.connection.user, "EX\\adm");
        assert_int_equal(made.connection.port, 1135);
        assert_true(made.json);
    }
}

void who_asks_and_how_is_chosen(void**) {
    Invocation made = good({"disk", "list", "n1"});
    assert_true(made.connection.auth == Auth::Automatic);
    assert_false(made.connection.password_fd.has_value());
    assert_int_equal(made.connection.port, 135);
    assert_int_equal(made.connection.timeout.count(), 120);
    made = good({"disk", "list", "n1", "--auth", "Kerberos", "--timeout", "30"});
    assert_true(made.connection.auth == Auth::Kerberos);
    assert_int_equal(made.connection.timeout.count(), 30);
    made = good({"disk", "list", "n1", "--auth", "ntlm", "--password-fd", "3"});
    assert_true(made.connection.auth == Auth::Ntlm);
    assert_int_equal(*made.connection.password_fd, 3);
    made = good({"disk", "list", "n1", "--auth", "negotiate"});
    assert_true(made.connection.auth == Auth::Negotiate);
    assert_true(wrong({"disk", "list", "n1", "--auth", "basic"})
                    .starts_with("read --auth basic: expected kerberos, ntlm or negotiate; see "));
    assert_text_equal(good({"disk", "list", "[fe80::1%eth0]"}).command.node, "fe80::1%eth0");
    (void)wrong({"disk", "list", "n1", "--password", "secret"}); // others would read it
    (void)wrong({"disk", "list", "n1", "--password-fd", "-1"});
    (void)wrong({"disk", "list", "n1", "--port", "0"});
    (void)wrong({"disk", "list", "n1", "--port", "65536"});
    (void)wrong({"disk", "list", "n1", "--timeout", "0"});
}

void sectors_are_numbers_or_one_of_two(void**) {
    using Which = Sector::Which;
    assert_true(good({"disk", "read", "n1", "3"}).command.sector == (Sector{Which::X, 0}));
    assert_true(good({"disk", "read", "n1", "3", "y"}).command.sector == (Sector{Which::Y, 0}));
    const auto made = good({"disk", "read", "n1", "3", "4294967295", "--bytes", "1024"});
    assert_true(made.command.sector == (Sector{Which::Number, 0xffffffff}));
    assert_int_equal(made.command.bytes, 1024);
    (void)wrong({"disk", "read", "n1", "3", "z"});
    (void)wrong({"disk", "read", "n1", "3", "0", "--bytes", "0"});
    (void)wrong({"disk", "read", "n1", "3", "0", "--bytes", "1048577"});
}

void content_comes_from_exactly_one_place(void**) {
    const auto input = [](const std::vector<const char*>& more) {
        std::vector<const char*> words{"file", "write", "n1", "3", "0", "\\a.txt"};
        words.insert(words.end(), more.begin(), more.end());
        return good(words).command.input;
    };
    assert_true(input({"--text", "abc"}) == (Input{Input::From::Text, "abc"}));
    assert_true(input({"--hex", "00ff"}) == (Input{Input::From::Hex, "00ff"}));
    assert_true(input({"--input", "-"}) == (Input{Input::From::File, "-"}));
    (void)wrong({"file", "write", "n1", "3", "0", "\\a.txt"});
    (void)wrong({"file", "write", "n1", "3", "0", "\\a.txt", "--text", "a", "--hex", "00"});
}

void a_secret_is_never_taken_from_the_command_line(void**) {
    const auto made = good({"setup", "secret", "set", "n1", "-i", "key"});
    assert_text_equal(verb_of(made), "setup secret set");
    (void)wrong({"setup", "secret", "set", "n1", "--text", "secret"});
    (void)wrong({"setup", "secret", "set", "n1", "--hex", "00"});
    (void)wrong({"setup", "secret", "set", "n1", "secret"});
    (void)wrong({"flow", "setup", "n1", "--text", "secret"});
}

void seconds_become_milliseconds(void**) {
    auto made = good({"cleanup", "node", "n1"});
    assert_int_equal(made.command.delay, 0);
    assert_int_equal(made.command.wait, 60'000);
    made = good({"cleanup", "node", "n1", "--delay", "5", "--wait", "4294967", "--no-wait"});
    assert_int_equal(made.command.delay, 5'000);
    assert_int_equal(made.command.wait, 4'294'967'000u);
    assert_true(made.command.no_wait);
    (void)wrong({"cleanup", "node", "n1", "--wait", "4294968"});
}

void what_is_missing_or_too_much_is_refused(void**) {
    (void)wrong({});
    (void)wrong({"disk"});
    assert_text_equal(wrong({"disk", "lsit", "n1"}),
                      "'lsit' is no command here; see 'clusprep disk --help'");
    (void)wrong({"disk", "list"});
    (void)wrong({"disk", "list", "n1", "n2"});
    (void)wrong({"pr", "reserve", "n1"});
    (void)wrong({"disk", "list", "n1", "--hold"});
    (void)wrong({"network", "ping", "n1", "192.0.2.1"});
    (void)wrong({"log", "span", "n1", "-5"});
    (void)wrong({"partition", "fs", "n1", "3", "-1"});
}

void each_word_has_its_own_help(void**) {
    const auto help = [](const std::vector<const char*>& words) {
        const Parsed made = parsed(words);
        assert_true(std::holds_alternative<Stop>(made));
        const Stop& stop = std::get<Stop>(made);
        assert_int_equal(stop.exit, 0);
        assert_false(stop.wrong);
        return stop.text;
    };
    assert_true(help({"--help"}).find("persistent reservations") != std::string::npos);
    assert_true(help({"pr", "--help"}).find("stop-defense") != std::string::npos);
    for (const Verb& verb : verbs()) {
        std::vector<std::string> words;
        std::string name(verb.name);
        for (std::size_t at = 0; at <= name.size();) {
            std::size_t end = name.find(' ', at);
            if (end == std::string::npos) end = name.size();
            words.push_back(name.substr(at, end - at));
            at = end + 1;
        }
        std::vector<const char*> arguments;
        for (const std::string& word : words)
            arguments.push_back(word.c_str());
        arguments.push_back("--help");
        const std::string text = help(arguments);
        assert_true(text.find(verb.does) != std::string::npos);
        assert_true(text.find("NODE") != std::string::npos);
    }
    assert_true(help({"--version"}).starts_with("clusprep "));
}

void a_line_is_split_as_a_shell_would_but_for_backslashes(void**) {
    const auto words = [](const std::string& line) {
        const auto split = split_words(line);
        assert_ok(split);
        std::string joined;
        for (const std::string& word : *split)
            joined += "<" + word + ">";
        return joined;
    };
    assert_text_equal(words("  disk\tlist  "), "<disk><list>");
    assert_text_equal(words("file delete 3 0 '\\my dir\\a.txt'"),
                      "<file><delete><3><0><\\my dir\\a.txt>");
    assert_text_equal(words("a\"b c\"d ''"), "<ab cd><>");
    assert_text_equal(words("disk list # all of them"), "<disk><list>");
    assert_text_equal(words("a#b"), "<a#b>");
    assert_text_equal(words("# nothing"), "");
    assert_text_equal(words("disk list\r"), "<disk><list>");
    assert_false(bool(split_words("say 'it")));
}

void a_line_of_a_session_names_no_node(void**) {
    Invocation session = good({"session", "n1", "--json"});
    assert_text_equal(verb_of(session), "session");
    auto made = parse_line({"disk", "props", "3"}, session);
    assert_true(std::holds_alternative<Invocation>(made));
    const auto& invocation = std::get<Invocation>(made);
    assert_text_equal(invocation.command.node, "n1");
    assert_true(invocation.command.disk == csvp::DiskId::of_number(3));
    assert_true(invocation.json);
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"disk", "props", "n1", "3"},
             {"session"},
             {"pr", "arbitrate", "3", "--hold"}, // a session holds what it has
             {"disk", "list", "--user", "x"}}) {
        made = parse_line(words, session);
        assert_true(std::holds_alternative<Stop>(made));
        assert_true(std::get<Stop>(made).wrong);
    }
    made = parse_line({"help", "pr"}, session);
    assert_true(std::holds_alternative<Stop>(made));
    assert_false(std::get<Stop>(made).wrong);
    assert_true(std::get<Stop>(made).text.find("stop-defense") != std::string::npos);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_the_six_interfaces_has_a_verb),
        cmocka_unit_test(a_disk_is_named_in_three_ways),
        cmocka_unit_test(what_names_no_disk_is_refused_with_the_reason),
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(who_asks_and_how_is_chosen),
        cmocka_unit_test(sectors_are_numbers_or_one_of_two),
        cmocka_unit_test(content_comes_from_exactly_one_place),
        cmocka_unit_test(a_secret_is_never_taken_from_the_command_line),
        cmocka_unit_test(seconds_become_milliseconds),
        cmocka_unit_test(what_is_missing_or_too_much_is_refused),
        cmocka_unit_test(each_word_has_its_own_help),
        cmocka_unit_test(a_line_is_split_as_a_shell_would_but_for_backslashes),
        cmocka_unit_test(a_line_of_a_session_names_no_node),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
