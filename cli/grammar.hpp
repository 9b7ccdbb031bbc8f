// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line: `mpathadm <subcommand> <object> [options] [operands...]`, with `status` and
// `watch`, which have no object. The tables here are what is parsed and what the help says.
//
// Words are compared without regard to case and as a whole. There are three stretches, before the
// subcommand, before the object, and the rest; in the last, options may stand after operands.
// --json and --strict are taken in each of them, the other options where the table says.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mpapi::cli {

enum class Verb { List, Show, Modify, Enable, Disable, Failover, Override, Status, Watch };
enum class Noun { MpathSupport, LogicalUnit, InitiatorPort, Path, None };
enum class Operands { None, Optional, AtLeastOne, One };

struct OptionRule {
    char letter;
    const char* name;
    const char* argument; // what it stands for; nullptr if the option takes none
};

struct Form {
    Verb verb;
    Noun noun;
    std::string_view letters; // of the options it takes
    bool needs_option;
    Operands operands;
    bool json;
    bool strict;
};

struct Option {
    char letter;
    std::string argument;
    bool operator==(const Option&) const = default;
};

struct Command {
    Verb verb;
    Noun noun;
    std::vector<Option> options; // in the order they were given
    std::vector<std::string> operands;
    bool json = false;
    bool strict = false;

    // The argument of the last option of that letter; nullptr if there is none.
    const std::string* argument(char letter) const;
};

// Which part of the help is concerned.
struct Topic {
    std::optional<Verb> verb; // none: all of it
    std::string_view object;  // as the table spells it; empty: all of that subcommand's
};

struct Help {
    Topic topic;
};
struct Version {};
struct Mistake {
    std::string message;
    Topic topic;
};
// What the reference takes for a failure of the parser itself.
struct TooLong {};

using Parsed = std::variant<Command, Help, Version, Mistake, TooLong>;

// Permutes `argv` as getopt_long does.
Parsed parse(int argc, char** argv);

struct VerbName {
    Verb verb;
    std::string_view name;
};
struct NounName {
    Noun noun;
    std::string_view name; // a noun may have several
};

std::span<const VerbName> verbs();
std::span<const NounName> nouns();
std::span<const Form> forms();
std::span<const OptionRule> option_rules();

std::string_view name_of(Verb verb);
const Form* form_of(Verb verb, Noun noun);
bool takes_object(Verb verb);
bool equal_words(std::string_view one, std::string_view other);

} // namespace mpapi::cli
