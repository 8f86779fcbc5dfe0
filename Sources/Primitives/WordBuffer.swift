import BasicContainers

/// The words of requests: (pointer, length) pairs into buffers that live
/// elsewhere. The parser fills one; `Words` is the view that commands see.
@safe
public struct WordBuffer: ~Copyable {
    // SAFETY: the pointers are only readable through a `Words` view, which
    // `words(_:of:)` ties to the buffer that the caller names as their source.
    @usableFromInline var storage: UnsafeMutablePointer<Word>
    @usableFromInline var capacity: Int
    public private(set) var count = 0

    @unsafe @usableFromInline
    struct Word {
        @usableFromInline let base: UnsafeRawPointer
        @usableFromInline let count: Int
        @inlinable init(base: UnsafeRawPointer, count: Int) {
            unsafe self.base = unsafe base
            unsafe self.count = count
        }
    }

    /// An empty buffer; capacity 0 allocates nothing.
    public init(capacity: Int = 0) {
        self.capacity = capacity
        unsafe storage = capacity > 0 ? .allocate(capacity: capacity) : UnsafeMutablePointer(bitPattern: 16)!
    }

    deinit { if capacity > 0 { unsafe storage.deallocate() } }

    /// Appends a view of `word`, whose bytes must stay in place until the last view is gone.
    public mutating func append(_ word: RawSpan) {
        if count == capacity { grow() }
        // An empty word is never read: any address serves.
        var base = unsafe UnsafeRawPointer(storage)
        unsafe word.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { unsafe base = unsafe start }
        }
        unsafe (storage + count).initialize(to: Word(base: base, count: word.byteCount))
        count &+= 1
    }

    /// Appends the words of `source` from `first` on. Those that point into
    /// `old` are made to point to the same place in `new`, which has the same bytes.
    public mutating func append(
        _ source: borrowing WordBuffer, from first: Int, rebasing old: RawSpan, to new: RawSpan
    ) {
        let start = count
        for i in first..<source.count {
            if count == capacity { grow() }
            unsafe (storage + count).initialize(to: source.storage[i])
            count &+= 1
        }
        rebase(from: old, to: new, start)
    }

    /// Makes words that point into `old` point to the same place in `new`,
    /// which has the same bytes and takes its place.
    public mutating func rebase(from old: RawSpan, to new: RawSpan, _ first: Int = 0) {
        unsafe old.withUnsafeBytes { oldBytes in
            unsafe new.withUnsafeBytes { newBytes in
                guard let oldBase = oldBytes.baseAddress, let newBase = newBytes.baseAddress else { return }
                for i in first..<count {
                    let word = unsafe storage[i]
                    let offset = unsafe word.base - oldBase
                    guard offset >= 0, unsafe offset + word.count <= min(oldBytes.count, newBytes.count) else { continue }
                    unsafe storage[i] = Word(base: newBase + offset, count: word.count)
                }
            }
        }
    }

    /// Drops the words from `newCount` on.
    public mutating func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    private mutating func grow() {
        let newCapacity = max(16, capacity * 2)
        let larger = UnsafeMutablePointer<Word>.allocate(capacity: newCapacity)
        unsafe larger.moveInitialize(from: storage, count: count)
        if capacity > 0 { unsafe storage.deallocate() }
        unsafe storage = unsafe larger
        capacity = newCapacity
    }

    /// Drops all words, and memory for more of them than are usual.
    public mutating func removeAll() {
        count = 0
        if capacity > 1024 {
            unsafe storage.deallocate()
            capacity = 256
            unsafe storage = .allocate(capacity: capacity)
        }
    }

    /// The words in `range`, valid for as long as this buffer is not changed.
    /// The caller keeps the buffers that the words point into.
    @_lifetime(borrow self)
    public func words(_ range: Range<Int>) -> Words {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe _overrideLifetime(Words(storage + range.lowerBound, range.count), borrowing: self)
    }
}

/// The words of one request: a view that cannot outlive it.
@safe
public struct Words: ~Escapable {
    // SAFETY: `base` points to `count` words; the lifetime rules of ~Escapable
    // keep this view inside the command that it was made for.
    @usableFromInline let base: UnsafePointer<WordBuffer.Word>
    public let count: Int

    @_lifetime(immortal)
    @inlinable
    @unsafe init(_ base: UnsafePointer<WordBuffer.Word>, _ count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// The bytes of word `index`; traps beyond the count.
    @inlinable
    public subscript(_ index: Int) -> RawSpan {
        @_lifetime(copy self)
        get {
            precondition(index >= 0 && index < count)
            let word = unsafe base[index]
            let span = unsafe RawSpan(_unsafeStart: word.base, byteCount: word.count)
            return unsafe _overrideLifetime(span, copying: self)
        }
    }
}
