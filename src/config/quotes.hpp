#pragma once
#include <string>
#include <string_view>

namespace medpfl {

/// Returns a line as Boost.Program_options, which knows no quotes, can read it: of a stretch
/// between double quotes the quotes are left out, `\"` is a quote and `\\` a backslash, and what
/// has a meaning outside quotes
/// (`#`, `|`, blanks) is replaced by stand-ins. Throws ConfigError: a quote that is not closed, a
/// control character.
std::string hide_quoted(std::string_view line);

/// Returns the same for a line of a file, where outside quotes `#` begins a comment, and `;` as
/// well where a line begins with it.
std::string hide_quoted_and_cut_comment(std::string_view line);

/// Returns what hide_quoted read with the characters themselves in place of their stand-ins.
std::string show_quoted(std::string text);

/// Returns `value` as a file keeps it: in quotes where it would be read as another without them.
std::string quote_where_needed(const std::string& value);

}  // namespace medpfl
