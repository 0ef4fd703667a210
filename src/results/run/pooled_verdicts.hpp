#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "results/run/pooled_shares.hpp"
#include "results/run/sweep_points.hpp"

namespace medpfl {

/// Sets `undefended`, `attacks` and the verdict of shares that were pooled from these points. The
/// control is the setting with the defense off, where each point of the setting has it under its
/// own network. Where the sweep has several attacks on the same messages, one that did best by
/// chance would be read: the verdict is by an interval whose tails are divided by their number
/// (Bonferroni). Nothing protects where another attack on the same messages leaks.
void judge_settings(const std::map<int64_t, PointOutcomes>& points,
                    std::vector<PooledShare>* shares);

}  // namespace medpfl
