#include "results/run/sweep_findings.hpp"

#include "results/run/differences_table.hpp"
#include "results/run/pooled_table.hpp"

namespace medpfl {

SweepFindings find_in_runs(const h5::File& sweep) {
  const auto points = read_points(sweep);
  return {pool_networks(points), pool_differences(points)};
}

void write_findings(h5::File* sweep, const SweepFindings& findings) {
  write_pooled(sweep, findings.shares);
  write_differences(sweep, findings.differences);
}

SweepFindings sweep_findings(const h5::File& sweep) {
  if (!sweep.exists(kPooledGroup)) return find_in_runs(sweep);
  SweepFindings out;
  out.shares = read_pooled(sweep);
  if (sweep.exists(kDifferencesGroup)) out.differences = read_differences(sweep);
  return out;
}

std::string describe_findings(const SweepFindings& findings) {
  return describe_pooled(findings.shares) + describe_differences(findings.differences);
}

}  // namespace medpfl
