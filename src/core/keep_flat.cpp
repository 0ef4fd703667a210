#include "core/keep_flat.hpp"

namespace medpfl {

void keep_flat(Archive& a, const char* name, const ParameterLayout& layout,
               FlatParameters* vector) {
  a.group(name, [&](Archive& b) {
    bool kept = vector->size() > 0;
    b("kept", &kept);
    if (b.reading()) *vector = kept ? FlatParameters(layout) : FlatParameters();
    if (kept) b.fixed("values", vector->data(), vector->size());
  });
}

}  // namespace medpfl
