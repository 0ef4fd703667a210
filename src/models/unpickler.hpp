#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace medpfl {

/// A value of a pickle, as data. Values point to each other, and may do so in circles.
struct Pickled {
  enum class Kind {
    kOther,     ///< None, a truth value or a floating-point number: none of them is needed
    kInteger,   ///< `integer`
    kText,      ///< `text`
    kBytes,     ///< `text`; integers of more than 64 bits, too, as in memory
    kSequence,  ///< tuple, list or set: `items`
    kDict,      ///< keys and values in turn: `items`
    kGlobal,    ///< a function or a class, `text`: its module, a blank, its name
    kObject,    ///< what `callable` would return for `arguments`; `state` and `items` are put in
    kPersistentId,  ///< what is kept outside of the pickle: `items`
  };
  Kind kind = Kind::kOther;
  int64_t integer = 0;
  std::string text;
  std::vector<const Pickled*> items;
  const Pickled *callable = nullptr, *arguments = nullptr, *state = nullptr;

  /// Returns the name of the class or function of an object, "module name"; else "".
  const std::string& made_by() const;
};

/// Reads the pickles that torch.save writes (Python's pickletools, protocols 2 to 5). Nothing is
/// ever called: what a pickle would call becomes an object that names it.
class Unpickler {
 public:
  /// The bytes must outlive the reader.
  explicit Unpickler(std::string_view bytes) : bytes_(bytes) {}

  /// Returns what the next pickle holds, valid as long as the reader. Throws DataError on damaged
  /// bytes, on opcodes that torch.save does not write, and beyond 2^22 opcodes: a value is of some
  /// hundred bytes.
  const Pickled& read();
  /// Returns all values that are kept outside of the pickles read so far.
  const std::vector<const Pickled*>& persistent_ids() const { return persistent_ids_; }
  /// Returns the next `n` bytes behind the last pickle. Throws DataError where there are fewer.
  std::string_view take(uint64_t n);

 private:
  using Kind = Pickled::Kind;
  /// Executes one opcode; returns false at the end of the pickle.
  bool step();
  /// Likewise of those that push a plain value; returns false where `op` is none of them.
  bool push_plain(uint8_t op);
  /// Likewise of those that make or fill containers and objects.
  bool build(uint8_t op);
  template <class T>
  T number();
  std::string_view line();
  Pickled* top() const;
  Pickled* pop();
  std::vector<const Pickled*> pop_to_mark();
  std::vector<const Pickled*> pop_last(size_t n);
  Pickled* push(Kind kind);
  void push_text(Kind kind, std::string_view text);
  void push_integer(std::string_view little_endian);
  void push_items(Kind kind, std::vector<const Pickled*> items);
  void push_global(std::string_view module, std::string_view name);
  void push_object(const Pickled* callable, const Pickled* arguments);
  void fill(const std::vector<const Pickled*>& items);
  void remember(uint64_t place) { memo_[place] = top(); }
  void recall(uint64_t place);

  std::string_view bytes_;
  size_t at_ = 0;
  int64_t steps_ = 0;
  std::deque<Pickled> values_;
  std::vector<Pickled*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Pickled*> memo_;
  std::vector<const Pickled*> persistent_ids_;
};

}  // namespace medpfl
