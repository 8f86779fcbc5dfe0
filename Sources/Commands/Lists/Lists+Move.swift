// Moving elements from one list to another.

import Engine
import Keyspace
import Primitives
import RESP

extension Lists {
    static var moveDeclarations: [CommandDeclaration] {
        [
            move(
                "lmove", arity: 5, since: "6.2.0", "Moves an element from an end of one list to an end of another.",
                syntax: "source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT>", lmove),
            move(
                "rpoplpush", arity: 3, since: "1.2.0", "Moves the last element of a list to the front of another.",
                syntax: "source destination",
                deprecated: .init(since: "6.2.0", replacement: "`LMOVE` with the `RIGHT` and `LEFT` arguments"), rpoplpush),
            move(
                "lmovem", arity: -5, since: "8.10.0", "Moves several elements from an end of one list to an end of another.",
                complexity: "O(N) where N is the number of elements moved.",
                syntax: """
                    source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> \
                    [<COUNT count | EXACTLY exactly> <OBO | BULK>]
                    """, lmovem),
        ]
    }

    private static func move(
        _ name: StaticString, arity: Int, since: StaticString, _ summary: StaticString, complexity: StaticString = "O(1)",
        syntax: StaticString, deprecated: CommandDeclaration.Deprecation? = nil, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, [.write, .denyOOM], .list,
            keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.readWrite, .insert])], group: .list, since: since,
            complexity: complexity, summary: summary, syntax: syntax, deprecated: deprecated, handler)
    }

    static func lmove(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let from = try end(arguments[3])
        let to = try end(arguments[4])
        if try !moveOne(&context, arguments[1], from, arguments[2], to) { context.reply.null() }
        return .done
    }

    static func rpoplpush(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        if try !moveOne(&context, arguments[1], .tail, arguments[2], .head) { context.reply.null() }
        return .done
    }

    static func lmovem(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let request = try MoveRequest(arguments, ends: 3, options: 5, &context)
        switch try moveMany(&context, arguments[1], arguments[2], request) {
        case .moved: break
        case .nothing: context.reply.array(0)
        case .tooFew: context.reply.nullArray()
        }
        return .done
    }

    // MARK: The moves themselves, for the blocking forms as well

    /// Moves one element and replies with it; false, without reply, when there is none.
    static func moveOne(
        _ context: inout CommandContext, _ source: RawSpan, _ from: ListEnd, _ target: RawSpan, _ to: ListEnd
    ) throws(CommandError) -> Bool {
        let slot = try context.slotForWriting(source, .list)
        guard let entry = slot.entry else { return false }
        _ = try context.slotForWriting(target, .list)
        let request = MoveRequest(from: from, to: to)
        let elements = moving(1, of: entry, request, context.listLimits)
        elements.forEach(in: 0..<1, from: .head) { context.reply.bulk($0) }
        transfer(elements, &context, source, slot, entry, target, request)
        return true
    }

    enum MoveResult {
        /// The reply is written.
        case moved
        /// There is no source.
        case nothing
        /// The source has fewer elements than must be moved.
        case tooFew
    }

    /// Moves several elements and replies with them in the order in which they now stand.
    static func moveMany(
        _ context: inout CommandContext, _ source: RawSpan, _ target: RawSpan, _ request: MoveRequest
    ) throws(CommandError) -> MoveResult {
        let slot = try context.slotForWriting(source, .list)
        guard let entry = slot.entry else { return request.isExact ? .tooFew : .nothing }
        _ = try context.slotForWriting(target, .list)
        let count = min(request.count, entry.listCount)
        guard count == request.count || !request.isExact else { return .tooFew }
        let elements = moving(count, of: entry, request, context.listLimits)
        context.reply.array(count)
        elements.forEach(in: 0..<count, from: .head) { context.reply.bulk($0) }
        transfer(elements, &context, source, slot, entry, target, request)
        return .moved
    }

    /// Copies of the elements to be moved, in the order in which they will stand.
    private static func moving(_ count: Int, of entry: Entry, _ request: MoveRequest, _ limits: ListLimits) -> QuickList {
        var elements = QuickList(compressDepth: 0)
        let total = entry.listCount
        let range = request.from == .head ? 0..<count : total - count..<total
        entry.forEachListElement(in: range, from: request.isReversing ? .tail : .head) {
            elements.push($0, .tail, limits)
        }
        return elements
    }

    /// Puts the elements on the target and takes them off the source.
    private static func transfer(
        _ elements: borrowing QuickList, _ context: inout CommandContext, _ source: RawSpan, _ slot: KeySlot, _ entry: Entry,
        _ target: RawSpan, _ request: MoveRequest
    ) {
        let count = elements.count
        if source.equals(target) {
            return rotate(elements, &context, source, slot, entry, request)
        }
        push(elements, &context, target, request.to)
        let total = entry.listCount
        let range = request.from == .head ? 0..<count : total - count..<total
        remove(range, of: total, &context, source, slot, entry, popped(request.from))
    }

    /// Moves elements within one list, which keeps all its elements.
    private static func rotate(
        _ elements: borrowing QuickList, _ context: inout CommandContext, _ key: RawSpan, _ slot: KeySlot, _ entry: Entry,
        _ request: MoveRequest
    ) {
        var entry = entry
        let limits = context.listLimits
        let count = elements.count
        let total = entry.listCount
        context[slot].removeListElements(&entry, slot.hash, request.from == .head ? 0..<count : total - count..<total)
        add(elements, &context, slot, &entry, request.to)
        context[slot].shrinkList(&entry, slot.hash, limits)
        context.keyModified(key, pushed(request.to))
        context.notice(key, popped(request.from), slot.database)
    }

    private static func push(
        _ elements: borrowing QuickList, _ context: inout CommandContext, _ key: RawSpan, _ end: ListEnd
    ) {
        let slot = context.lookupWrite(key)
        var entry = slot.entry ?? context[slot].makeList(key, slot.hash, context.freshAccess)
        add(elements, &context, slot, &entry, end)
        context.keyModified(key, pushed(end))
    }

    private static func add(
        _ elements: borrowing QuickList, _ context: inout CommandContext, _ slot: KeySlot, _ entry: inout Entry, _ end: ListEnd
    ) {
        let limits = context.listLimits
        let all = 0..<elements.count
        var bytes = 0
        elements.forEach(in: all, from: .head) { bytes += $0.byteCount }
        context[slot].growList(&entry, slot.hash, by: all.count, bytes: bytes, limits)
        elements.forEach(in: all, from: end.opposite) { element in
            context[slot].pushListElement(&entry, slot.hash, element, end, limits)
        }
    }
}

/// What LMOVEM and BLMOVEM ask for: `LEFT|RIGHT LEFT|RIGHT ... [COUNT|EXACTLY count OBO|BULK]`.
struct MoveRequest {
    let from: ListEnd
    let to: ListEnd
    private(set) var count = 1
    /// Whether fewer elements are none.
    private(set) var isExact = false
    /// Whether the elements go all at once, keeping their order.
    private(set) var isBulk = false

    /// One element.
    init(from: ListEnd, to: ListEnd) {
        self.from = from
        self.to = to
    }

    /// `ends` and `options` are where these stand among the arguments.
    init(
        _ arguments: borrowing Arguments, ends: Int, options: Int, _ context: inout CommandContext
    ) throws(CommandError) {
        from = try Lists.end(arguments[ends])
        to = try Lists.end(arguments[ends + 1])
        guard arguments.count > options else { return }
        guard arguments.count == options + 3 else { throw .syntax }
        isExact = arguments[options].matches("EXACTLY")
        guard isExact || arguments[options].matches("COUNT") else { throw .syntax }
        isBulk = arguments[options + 2].matches("BULK")
        guard isBulk || arguments[options + 2].matches("OBO") else { throw .syntax }
        guard let wanted = arguments[options + 1].canonicalInteger, wanted > 0 else {
            throw context.failure("ERR count should be greater than 0")
        }
        count = Int(wanted)
    }

    /// One by one, elements that come from the end to which they go turn round.
    var isReversing: Bool { !isBulk && from == to }
}
