#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

/// Return the value that `text` stands for. Throw ConfigError that names the option where it stands
/// for none.
int64_t parse_integer(const std::string& name, const std::string& text);
double parse_real(const std::string& name, const std::string& text);
bool parse_flag(const std::string& name, const std::string& text);

}  // namespace medpfl
