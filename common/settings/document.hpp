// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A strict reader of TOML 1.0 text for files that people write. Whatever the program does not ask
// for is a mistake in the file; every mistake is reported with its line, with what was expected
// there, and with the nearest known word.
//
// A program asks for what it knows, section by section; a key that is absent, or wrong, yields
// nullopt; at the end finish() reports the first mistake in the order of the text:
//
//     auto document = settings::Document::parse(text, "mpapid.toml");
//     if (!document) return document.error();
//     auto root = document->root();
//     if (auto wait = root.duration("wait", 1s, 60s)) config.wait = *wait;
//     if (auto status = document->finish(); !status) return status.error();
//
// Scalars in the file:
//   duration  string of a whole number and its unit: "250ms", "5s", "2min", "1h"
//   size      string of a whole number and its unit: "512B", "64KiB", "8MiB", "10GiB", "2TiB"
//   others    as TOML has them; text holds no control characters
//
// Not thread-safe; sections stay valid as long as their document.
#pragma once

#include "common/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::settings {

struct State; // of one document; in document.cpp, so that toml++ is compiled once

class Section {
  public:
    std::optional<std::string> text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                        std::int64_t most);
    std::optional<std::chrono::milliseconds>
    duration(std::string_view key, std::chrono::milliseconds least, std::chrono::milliseconds most);
    std::optional<std::uint64_t> size(std::string_view key, std::uint64_t least,
                                      std::uint64_t most); // bytes
    std::vector<std::string> texts(std::string_view key);  // an array of strings

    // A string that is one of the words; yields what stands beside it.
    template <typename T>
    std::optional<T> choice(std::string_view key,
                            const std::vector<std::pair<std::string_view, T>>& words) {
        std::vector<std::string_view> known;
        known.reserve(words.size());
        for (const auto& word : words)
            known.push_back(word.first);
        const auto index = choice_index(key, known);
        if (!index) return std::nullopt;
        return words[*index].second;
    }

    std::optional<Section> section(std::string_view key); // [key]
    std::vector<Section> sections(std::string_view key);  // [[key]], in order

    bool has(std::string_view key) const;
    int line() const;                     // where the section begins
    int line(std::string_view key) const; // where that value stands, else the section

    // A mistake that only the caller can see: "longest is shorter than shortest".
    void complain(std::string_view key, std::string reason);

  private:
    friend class Document;
    Section(State& state, std::size_t index)
      : state_(&state)
      , index_(index) {}
    std::optional<std::size_t> choice_index(std::string_view key,
                                            const std::vector<std::string_view>& known);

    State* state_;
    std::size_t index_; // in State::visited
};

class Document {
  public:
    // `name` is the file's name for messages. Fails on text that is no TOML.
    static Result<Document> parse(std::string_view text, std::string name);

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    Section root();

    // The first mistake in the order of the text: one found by a Section, or a key that was never
    // asked for. Its Error reads "read mpapid.toml:12: expected …, found …".
    Status finish() const;

  private:
    explicit Document(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace mpapi::settings
