// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/grammar.hpp"

#include "common/text/printable.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <strings.h>
#include <utility>

namespace mpapi::client {
namespace {

constexpr std::uint32_t most_seconds = 4'294'967; // whose milliseconds fit 32 bits
constexpr std::uint32_t most_bytes = 1024 * 1024;

// A value that `parse` reads, told with its reason when it does not.
template <typename T>
CLI::Option* read(CLI::App& app, const std::string& name, T& value,
                  Result<T> (*parse)(const std::string&), const std::string& about) {
    return app.add_option_function<std::string>(
        name,
        [&value, parse](const std::string& text) {
            auto found = parse(text);
            if (!found) throw CLI::ValidationError(found.error().message());
            value = std::move(*found);
        },
        about);
}

Result<Auth> parse_auth(const std::string& text) {
    static constexpr std::pair<const char*, Auth> known[] = {
        {"kerberos", Auth::Kerberos}, {"ntlm", Auth::Ntlm}, {"negotiate", Auth::Negotiate}};
    for (const auto& [word, auth] : known)
        if (::strcasecmp(word, text.c_str()) == 0) return auth;
    return Error{"read --auth", text, "expected kerberos, ntlm or negotiate"};
}

class Grammar {
  public:
    Grammar(Invocation& into, bool session)
      : into_(into)
      , session_(session)
      , app_("Set up and validate nodes of a failover cluster (MS-CSVP)", "clusprep") {
        // Most of what is said about a command stands in its manual page.
        app_.get_formatter()->column_width(34);
        app_.require_subcommand(1);
        if (session_) {
            app_.name("");
            app_.set_help_flag("--help,-h", "Tell what may follow here");
        } else {
            app_.set_help_flag("--help,-h", "Tell what may follow here, and exit");
            app_.set_version_flag("--version", "clusprep " MPAPI_VERSION, "Tell the version");
            add_connection();
        }
        app_.add_flag("--json", into_.json, "Write JSON");
        for (const Group& group : groups())
            add_group(group);
        for (const Verb& verb : verbs())
            if (!session_ || verb.run != nullptr) add_verb(verb);
        into_.command.verb = nullptr;
    }

    CLI::App& app() { return app_; }

  private:
    void add_connection() {
        Connection& connection = into_.connection;
        const std::string about = "Who asks: DOMAIN\\user, user@REALM or user";
        app_.add_option("--user,-u", connection.user, about)->option_text("NAME");
        read(app_, "--auth", connection.auth, parse_auth, "kerberos, ntlm or negotiate")
            ->option_text("HOW");
        app_.add_option_function<std::uint32_t>(
                "--password-fd",
                [&connection](const std::uint32_t& fd) {
                    connection.password_fd = static_cast<int>(fd);
                },
                "Read the password from this descriptor")
            ->check(CLI::Range(0u, 65535u))
            ->option_text("N");
        app_.add_option("--port", connection.port, "Of the endpoint mapper")
            ->check(CLI::Range(1, 65535))
            ->option_text("PORT (135)");
        app_.add_option_function<std::uint32_t>(
                "--timeout",
                [&connection](const std::uint32_t& seconds) {
                    connection.timeout = std::chrono::seconds(seconds);
                },
                "How long a call may take")
            ->check(CLI::Range(1u, most_seconds))
            ->option_text("SECONDS (120)");
    }

    CLI::App& group_of(std::string_view name, std::string& last) {
        const std::size_t blank = name.rfind(' ');
        last = std::string(name.substr(blank == std::string_view::npos ? 0 : blank + 1));
        if (blank == std::string_view::npos) return app_;
        return *groups_.at(std::string(name.substr(0, blank)));
    }

    void add_group(const Group& group) {
        std::string last;
        CLI::App& parent = group_of(group.name, last);
        CLI::App* const made = parent.add_subcommand(last, std::string(group.about));
        made->require_subcommand(1);
        made->fallthrough();
        groups_[std::string(group.name)] = made;
    }

    void add_verb(const Verb& verb) {
        std::string last;
        CLI::App& parent = group_of(verb.name, last);
        CLI::App& app = *parent.add_subcommand(last, std::string(verb.does));
        app.fallthrough();
        if (!session_) app.footer("Options of the connection: clusprep --help");
        app.callback([this, &verb] { into_.command.verb = &verb; });
        add_places(app, verb);
        add_options(app, verb);
    }

    void add_places(CLI::App& app, const Verb& verb) {
        Command& command = into_.command;
        if (!session_)
            app.add_option("NODE", command.node, "Name or address of the node")->required();
        if (verb.takes & takes_disk)
            read(app, "DISK", command.disk, parse_disk, "Number, signature:HEX or guid:UUID")
                ->required()
                ->type_name("");
        if (verb.takes & takes_number)
            app.add_option("NUMBER", command.number, "Number of the disk")
                ->required()
                ->type_name("");
        if (verb.takes & takes_partition)
            app.add_option("PARTITION", command.partition, "Number of the partition, from 0")
                ->required()
                ->type_name("");
        if (verb.takes & takes_path)
            app.add_option("PATH", command.path, "From the root of the partition")
                ->required()
                ->type_name("");
        if (verb.takes & takes_sector)
            read(app, "SECTOR", command.sector, parse_sector,
                 "Number, or x or y of 'disk scratch'; x if left out")
                ->type_name("");
        if (verb.takes & takes_minutes)
            app.add_option("MINUTES", command.minutes, "How far back")->required()->type_name("");
        if (verb.takes & takes_addresses) {
            app.add_option("SOURCE", command.source, "An address of the node")
                ->required()
                ->type_name("");
            app.add_option("DESTINATION", command.destination, "The address to reach")
                ->required()
                ->type_name("");
        }
    }

    void add_options(CLI::App& app, const Verb& verb) {
        Command& command = into_.command;
        if (verb.takes & takes_bytes)
            app.add_option("--bytes", command.bytes, "How many; Windows reads 512 at most")
                ->check(CLI::Range(1u, most_bytes))
                ->option_text("N (512)");
        if (verb.takes & (takes_content | takes_secret)) add_content(app, verb);
        if (verb.takes & takes_output)
            app.add_option("--output,-o", command.output, "Write the bytes to this file")
                ->option_text("FILE");
        if ((verb.takes & takes_hold) && !session_)
            app.add_flag("--hold", command.hold, "Keep ownership until interrupted");
        if (verb.takes & takes_all)
            app.add_flag("--all", command.all, "Cluster, loopback and tunnel adapters too");
        if (verb.takes & takes_any_fs)
            app.add_flag("--any-file-system", command.any_file_system,
                         "Not only on a partition that is NTFS");
        if (verb.takes & takes_cleanup) {
            add_seconds(app, "--delay", command.delay, "Wait before it begins");
            add_seconds(app, "--wait", command.wait, "How long the node may take (60)");
            app.add_flag("--keep-service", command.keep_service, "Do not stop the cluster service");
            app.add_flag("--no-wait", command.no_wait,
                         "Do not wait for the cluster service to stop");
        }
        if (verb.takes & takes_going)
            app.add_flag("--keep-going", command.keep_going, "Go on after a command that failed");
    }

    void add_content(CLI::App& app, const Verb& verb) {
        Command& command = into_.command;
        const auto from = [&command](Input::From kind) {
            return [&command, kind](const std::string& value) { command.input = {kind, value}; };
        };
        CLI::Option_group* const one = app.add_option_group("Content");
        if (verb.takes & takes_content) {
            one->add_option_function<std::string>("--text", from(Input::From::Text),
                                                  "This text, without a newline")
                ->option_text("TEXT");
            one->add_option_function<std::string>("--hex", from(Input::From::Hex), "These bytes")
                ->option_text("HEX");
        }
        one->add_option_function<std::string>("--input,-i", from(Input::From::File),
                                              session_ ? "What is in this file"
                                                       : "What is in this file; - is stdin")
            ->option_text("FILE");
        one->require_option(1);
    }

    static void add_seconds(CLI::App& app, const std::string& name, std::uint32_t& milliseconds,
                            const std::string& about) {
        app.add_option_function<std::uint32_t>(
               name,
               [&milliseconds](const std::uint32_t& seconds) { milliseconds = seconds * 1000; },
               about)
            ->check(CLI::Range(0u, most_seconds))
            ->option_text("SECONDS");
    }

    Invocation& into_;
    bool session_;
    CLI::App app_;
    std::map<std::string, CLI::App*> groups_;
};

// The innermost word that was understood, whose help is asked for.
std::string understood(const CLI::App& app) {
    for (const CLI::App* inner : app.get_subcommands()) {
        const std::string rest = understood(*inner);
        return inner->get_name() + (rest.empty() ? "" : " " + rest);
    }
    return "";
}

Parsed parse_words(std::vector<std::string> words, const Invocation& begin, bool session) {
    Invocation made = begin;
    made.command = {};
    made.command.node = session ? begin.command.node : "";
    Grammar grammar(made, session);
    CLI::App& app = grammar.app();
    try {
        std::reverse(words.begin(), words.end()); // as CLI11 wants them
        app.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        return Stop{exit_done, app.help(), false};
    } catch (const CLI::CallForAllHelp&) {
        return Stop{exit_done, app.help("", CLI::AppFormatMode::All), false};
    } catch (const CLI::CallForVersion&) {
        return Stop{exit_done, "clusprep " MPAPI_VERSION "\n", false};
    } catch (const CLI::ParseError& wrong) {
        const std::string at = understood(app);
        const std::string help =
            session ? "help" : "clusprep" + (at.empty() ? "" : " " + at) + " --help";
        // CLI11 misses the command before it minds the word in its place.
        const std::vector<std::string> rest = app.remaining(true);
        const bool word = wrong.get_name() == "RequiredError" && !rest.empty();
        const std::string why = word ? "'" + rest.front() + "' is no command here" : wrong.what();
        return Stop{exit_usage, printable(why) + "; see '" + help + "'", true};
    }
    // "[::1]", as an IPv6 address is written where a port may follow.
    std::string& node = made.command.node;
    if (node.size() > 2 && node.front() == '[' && node.back() == ']')
        node = node.substr(1, node.size() - 2);
    return made;
}

} // namespace

Parsed parse(int argc, const char* const* argv) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i)
        words.emplace_back(argv[i]);
    return parse_words(std::move(words), {}, false);
}

Parsed parse_line(const std::vector<std::string>& words, const Invocation& session) {
    std::vector<std::string> line = words;
    if (!line.empty() && line.front() == "help") {
        line.erase(line.begin());
        line.emplace_back("--help");
    }
    return parse_words(std::move(line), session, true);
}

Result<std::vector<std::string>> split_words(const std::string& line) {
    std::vector<std::string> words;
    bool within = false; // a word has begun
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == ' ' || c == '\t' || c == '\r') {
            within = false;
            continue;
        }
        if (!within && c == '#') break; // a comment
        if (!within) words.emplace_back();
        within = true;
        if (c != '\'' && c != '"') {
            words.back() += c;
            continue;
        }
        const std::size_t end = line.find(c, at + 1);
        if (end == std::string::npos) return Error{"read line", line, "a quotation has no end"};
        words.back().append(line, at + 1, end - at - 1);
        at = end;
    }
    return words;
}

} // namespace mpapi::client
