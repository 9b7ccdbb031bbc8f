// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a command has to say, once for people and for programs: facts, lists of like things, bytes.
// Names of members are those that clusprep-json(5) documents; labels are what people read.
#pragma once

#include "clusprep/client/failure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mpapi::client {

// monostate: not known, or there is none. Texts may be a node's: anything at all.
using Value = std::variant<std::monostate, bool, std::uint64_t, std::string,
                           std::vector<std::string>, std::vector<std::uint8_t>>;

// Of what is good, of what is bad: shown in colour on a terminal.
enum class Tone : std::uint8_t { Plain, Good, Bad };

struct Fact {
    std::string name;  // in JSON; empty: for people only
    std::string label; // for people; empty: in JSON only
    Value value;
    std::string words = {}; // for people in place of the value; empty: the value
    Tone tone = Tone::Plain;
};

struct Cell {
    Value value;
    std::string words = {};
    Tone tone = Tone::Plain;
};

struct Column {
    std::string name;
    std::string heading; // empty: in JSON only
};

struct List {
    std::string name;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows; // a cell for each column
    std::string none = {};               // what people read when there are no rows
};

struct Report {
    std::vector<Fact> facts;
    std::vector<List> lists;
    bool yes = true; // false: it was a question, and the answer is no
    // Bytes to be written as they are when the user named a file for them.
    std::optional<std::vector<std::uint8_t>> content = std::nullopt;
};

struct ShownAs {
    std::string command; // "disk list"
    std::string node;
    bool colours = false;
};

// Lines for people. What a terminal would obey is written as \xNN.
std::string text(const Report& report, const ShownAs& as);
// One JSON object (RFC 8259, ASCII) on one line.
std::string json(const Report& report, const ShownAs& as);
// The same of what went wrong, for the standard error.
std::string json(const Failure& failure, const std::string& command);

// "00000000  4d 50 …  |MP…|", a line for 16 bytes.
std::string hex_dump(const std::vector<std::uint8_t>& bytes);

} // namespace mpapi::client
