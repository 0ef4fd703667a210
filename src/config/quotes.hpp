#pragma once
#include <string>
#include <string_view>

namespace medpfl {

/// Returns a line in a form that Boost.Program_options, which knows no quotes, can read. A stretch
/// between double quotes loses its quotes; `\"` in it becomes a quote and `\\` a backslash, and
/// each character that has a meaning outside quotes (`#`, `|`, a blank) is replaced by a stand-in.
/// Throws ConfigError where a quote is not closed or the line holds a control character.
std::string hide_quoted(std::string_view line);

/// Returns what hide_quoted does for a line of a file, without its comment. Outside quotes `#`
/// begins a comment anywhere, and `;` at the beginning of a line.
std::string hide_quoted_and_cut_comment(std::string_view line);

/// Returns `text`, read by way of hide_quoted, with the characters themselves in place of their
/// stand-ins.
std::string show_quoted(std::string text);

/// Returns `value` as a file keeps it: in quotes where it would be read as another without them.
std::string quote_where_needed(const std::string& value);

}  // namespace medpfl
