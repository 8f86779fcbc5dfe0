// Replaying the commands of a part of the append-only file, and what becomes of damage in it.

import BasicContainers
import Keyspace
import Persistence
import Primitives
import RESP

extension CommandContext {
    /// Replays commands until about so many bytes are read; true at the end of the file.
    mutating func loadCommands(
        _ part: inout AppendOnlyLoad.Part, _ bytes: Int, isLast: Bool
    ) throws(LoadFailure) -> Bool {
        guard let files = host.snapshots else { throw .missing }
        let goal = part.offset.addingReportingOverflow(bytes)
        while goal.overflow || part.offset < goal.partialValue {
            try replayInput(&part, isLast: isLast)
            part.input.removeFirst(part.consumed)
            part.dropped += part.consumed
            part.consumed = 0
            // A length in the file asks for no more memory than the file can fill.
            let left = part.bytes - part.dropped - part.input.count
            let got = files.read(part.file, &part.input, min(part.chunk, max(left, 1 << 16)))
            if got < 0 { throw .failed("Unrecoverable error reading the append only file \(part.path): \(describe(Int32(-got)))") }
            if got == 0 { return try endCommands(&part, isLast: isLast) }
        }
        return false
    }

    /// The file is at its end, which should be one of a command outside of transactions.
    private mutating func endCommands(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) -> Bool {
        guard part.input.count > 0 || part.transaction != nil else {
            if part.followsRoom, isLast { try cutOff(part) }
            return true
        }
        try takeShortRead(part, isLast: isLast)
        return true
    }

    /// A cut off end is no reason not to start, if the setting has it so.
    private mutating func takeShortRead(_ part: borrowing AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) {
        let hint = "You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. "
            + "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server."
        guard configuration.appendOnly.loadsTruncated, isLast else {
            throw .failed("Unexpected end of file reading the append only file \(part.path). \(hint)")
        }
        log(.warning, "!!! Warning: short read while loading the AOF file \(part.path)!!!")
        log(.warning, "AOF loaded anyway because aof-load-truncated is enabled")
        log(.warning, "Truncating the AOF \(part.path) at offset \(part.whole)")
        try cutOff(part)
    }

    /// Removes what stands behind the whole part of the file.
    private mutating func cutOff(_ part: borrowing AppendOnlyLoad.Part) throws(LoadFailure) {
        guard let disk = host.appendOnly else { return }
        // A server that loads its own file goes on where it ends now.
        if statistics.appendOnly.increment.file >= 0 { statistics.appendOnly.increment.isCut(to: Int64(part.whole)) }
        let file = disk.openForWriting(part.path, empties: false)
        var failure = file < 0 ? -file : disk.truncate(file, to: Int64(part.whole))
        if failure == 0 { failure = disk.sync(file) }
        if file >= 0 { disk.close(file) }
        guard failure == 0 else { throw .failed("Error truncating the AOF file \(part.path): \(describe(failure))") }
        statistics.appendOnly.bytes -= Int64(part.bytes - part.whole)
        statistics.appendOnly.baseBytes = statistics.appendOnly.bytes
    }

    /// The bytes are no commands. A little of that at the end may be the trace of a crash.
    private mutating func refuse(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) {
        let rest = part.bytes - part.whole
        guard isLast, rest <= configuration.appendOnly.damagedTailBytes else {
            throw .failed(
                "Bad file format reading the append only file \(part.path), at offset \(part.offset): make a backup of your AOF file, "
                    + "then use ./redis-check-aof --fix <filename.manifest>")
        }
        log(.warning, "AOF \(part.path) has \(rest) damaged bytes at its end, not more than aof-load-corrupt-tail-max-size")
        log(.warning, "Truncating the AOF \(part.path) at offset \(part.whole)")
        try cutOff(part)
        part.followsRoom = false
        part.transaction = nil
        part.consumed = part.input.count
    }

    /// Replays the commands that are complete in the input.
    private mutating func replayInput(_ part: inout AppendOnlyLoad.Part, isLast: Bool) throws(LoadFailure) {
        var served = Box(Self.nobody())
        swap(&served, &self.served)
        session.database = part.database
        let moment = now
        (present, now) = (moment, 0)
        // Arguments point into the input, which therefore is not in the part meanwhile.
        var input = GrowingBytes(capacity: 0)
        swap(&input, &part.input)
        var end = InputEnd.incomplete
        var failure: LoadFailure?
        do throws(LoadFailure) {
            end = try replayCommands(input.bytes, &part)
        } catch {
            failure = error
        }
        // A command that is not all there needs a larger piece than the last.
        part.chunk = part.consumed == 0 && input.count > 0 ? min(part.chunk * 2, 1 << 28) : 1 << 18
        swap(&input, &part.input)
        (present, now) = (nil, moment)
        part.database = session.database
        swap(&served, &self.served)
        if let failure { throw failure }
        switch end {
        case .incomplete: break
        case .damaged: try refuse(&part, isLast: isLast)
        case .torn(let offset): try endTornGroup(&part, behind: offset, isLast: isLast)
        }
    }

    private enum InputEnd {
        case incomplete, damaged
        /// What follows was written over room, and not all of it has come to the disk; behind so many bytes of the file
        /// should be room.
        case torn(Int)
    }

    /// A group that a crash has torn was the last: where something else follows, the file is damaged.
    private mutating func endTornGroup(_ part: inout AppendOnlyLoad.Part, behind end: Int, isLast: Bool) throws(LoadFailure) {
        guard let files = host.snapshots, part.bytes - part.dropped <= 1 << 26 else { return try refuse(&part, isLast: isLast) }
        while files.read(part.file, &part.input, 1 << 20) > 0 {}
        let start = min(part.input.count, max(0, end - part.dropped))
        let isLastGroup = !AppendOnlyGroup.isIn(part.input.bytes.suffix(from: min(part.input.count, part.consumed + 1)), part.summing)
        guard isLastGroup, AppendOnlyRoom.isDamagedRoom(part.input.bytes.suffix(from: start)) else { return try refuse(&part, isLast: isLast) }
        try takeShortRead(part, isLast: isLast)
        part.consumed = part.input.count
        part.followsRoom = false
        part.transaction = nil
    }

    private mutating func replayCommands(_ input: RawSpan, _ part: inout AppendOnlyLoad.Part) throws(LoadFailure) -> InputEnd {
        var words = WordBuffer(capacity: 64)
        let limits = RequestLimits(maximumBulkBytes: Int(Int32.max), isAuthenticated: true)
        var offset = 0
        let kept = reply.bytes.count
        while offset < input.byteCount {
            let lost = part.followsRoom ? InputEnd.torn(part.dropped + offset + AppendOnlyGroup.largest) : .damaged
            switch input.byte(offset) {
            case 35:
                guard let end = input.firstIndex(of: 10, from: offset) else { return .incomplete }
                if let problem = Self.read(line: input.slice(offset, end - offset), input.suffix(from: end + 1), &part) { return problem }
                offset = end + 1
            case 42:
                var next = offset
                var parser = RequestParser()
                words.removeAll()
                guard let status = try? parser.advance(input, &next, &words, limits) else { return lost }
                guard status == .complete else { return .incomplete }
                guard Self.linesEnd(input, offset, words.words(0..<words.count)) else { return lost }
                offset = next
                if part.followsRoom, !Self.goesOn(words.words(0..<words.count), &part) { return lost }
                if words.count > 0 { try replay(words.words(0..<words.count), &part) }
                reply.bytes.discard(behind: kept)
            // Room whose bytes have not come to the disk, as its length has.
            case 0 where !part.followsRoom: return .torn(part.dropped + offset)
            default: return lost
            }
            part.consumed = offset
            if part.transaction == nil, !part.followsRoom { part.whole = part.offset }
        }
        return .incomplete
    }

    /// Another server that goes on behind room says first which database it means, perhaps in a transaction; what else stands
    /// there is the rest of a group whose beginning is lost.
    private static func goesOn(_ words: borrowing Arguments, _ part: inout AppendOnlyLoad.Part) -> Bool {
        guard words.count > 0 else { return false }
        if words[0].matches("SELECT") {
            part.followsRoom = false
            return true
        }
        return words[0].matches("MULTI") && part.transaction == nil
    }

    /// Reads an annotation, which `input` follows; nil when reading goes on behind it.
    private static func read(line: RawSpan, _ input: RawSpan, _ part: inout AppendOnlyLoad.Part) -> InputEnd? {
        let end = part.dropped + part.consumed + line.byteCount + 1
        switch AppendOnlyAnnotation(line, endingAt: end) {
        case .comment, .moment: return nil
        case .room: part.followsRoom = true
        case .tornGroup: return .torn(end + AppendOnlyGroup.largest)
        case .group(let group):
            guard group.bytes <= input.byteCount else { return .incomplete }
            let commands = input.slice(0, group.bytes)
            // Where nothing of them has come to the disk, another server may have gone on behind the room.
            part.followsRoom = part.summing.sum(commands) != group.sum
            if part.followsRoom, !AppendOnlyRoom.isRoom(commands) { return .torn(end + group.bytes) }
        }
        return nil
    }

    /// Whether all lines of a command that begins at `start` end as they should. Clients are not asked for
    /// that, but where a crash has left zeros in a file the length in front of them may have survived.
    private static func linesEnd(_ input: RawSpan, _ start: Int, _ words: borrowing Arguments) -> Bool {
        var place = start
        for index in 0..<words.count {
            // Behind the number of words, and behind every word's length.
            for _ in 0..<(index == 0 ? 2 : 1) {
                guard let end = input.firstIndex(of: 13, from: place), end + 1 < input.byteCount, input.byte(end + 1) == 10 else { return false }
                place = end + 2
            }
            place += words[index].byteCount
            guard place + 1 < input.byteCount, input.byte(place) == 13, input.byte(place + 1) == 10 else { return false }
            place += 2
        }
        return true
    }

    /// Runs a command, or queues it.
    private mutating func replay(_ arguments: borrowing Arguments, _ part: inout AppendOnlyLoad.Part) throws(LoadFailure) {
        if arguments[0].matches("MULTI"), part.transaction == nil {
            part.transaction = UniqueArray<OwnedArguments>()
            return
        }
        if arguments[0].matches("EXEC") {
            guard let queue = part.transaction.take() else { return }
            for index in 0..<queue.count { try replay(queue[index].arguments, part.path) }
            return
        }
        guard var queue = part.transaction.take() else { return try replay(arguments, part.path) }
        queue.append(OwnedArguments(copying: arguments))
        part.transaction = consume queue
    }

    private mutating func replay(_ arguments: borrowing Arguments, _ path: String) throws(LoadFailure) {
        guard let id = commands.resolve(arguments), let handler = commands.commands[id].handler else {
            throw .failed("Unknown command '\(Self.shown(arguments[0]))' reading the append only file \(path)")
        }
        guard commands.commands[id].accepts(arguments.count) else {
            throw .failed("Wrong number of arguments for '\(Self.shown(arguments[0]))' reading the append only file \(path)")
        }
        // Nothing else changes the data; and who would subscribe, or be shut down?
        guard commands.commands[id].flags.contains(.write) || Self.replayed.contains(commands.commands[id].fullName) else { return }
        effects.prepare(in: session.database)
        notices.begin()
        session.lastCommand = id
        // What failed when it was written fails again, and changes nothing again.
        _ = try? handler(&self, arguments)
        blocking.waiting = nil
        blocking.exchange = nil
        effects.discard()
        _ = notices.take()
        if configuration.persistence.loadDelay > 0 { host.sleep(configuration.persistence.loadDelay) }
    }

    /// Commands that count although they change no key, or only what a value remembers.
    private static var replayed: [String] { ["select", "swapdb", "flushdb", "flushall", "pfcount"] }

    private static func shown(_ word: RawSpan) -> String { word.slice(0, min(128, word.byteCount)).text }
}
