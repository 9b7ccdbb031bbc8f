// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A POSIX extended regular expression as multipath.conf uses it: case sensitive, not anchored; in
// the blacklists a leading '!' inverts it and "\!" is a literal one (multipath.conf(5), SYNTAX and
// "blacklist and blacklist_exceptions sections").
//
// Expressions come from files and from another daemon's answers, so what costs regcomp() or
// regexec() unbounded time or memory is refused: back-references, and repetitions beyond 1000 in
// all. No entry of multipath-tools' own device table has either.
#pragma once

#include "common/result.hpp"

#include <memory>
#include <string_view>

#include <regex.h>

namespace mpapi::multipath_conf {

// Movable; matches() may be called from any thread.
class Pattern {
  public:
    static Result<Pattern> compile(std::string_view expression);
    // With '!' as the blacklists have it.
    static Result<Pattern> compile_rule(std::string_view expression);

    // `text` must hold no NUL; it is matched up to one.
    bool matches(std::string_view text) const;

  private:
    struct Free {
        void operator()(regex_t* expression) const noexcept {
            regfree(expression);
            delete expression;
        }
    };

    explicit Pattern(std::unique_ptr<regex_t, Free> expression, bool inverted) noexcept
      : expression_(std::move(expression))
      , inverted_(inverted) {}
    static Result<Pattern> compile(std::string_view expression, bool inverted);

    std::unique_ptr<regex_t, Free> expression_;
    bool inverted_ = false;
};

} // namespace mpapi::multipath_conf
