import BasicContainers
import Keyspace
import Primitives
import RESP

extension Engine {
    /// Bytes have arrived for a session: runs every complete request in them.
    /// Returns false when the connection is to be closed once its output is sent.
    @discardableResult
    public mutating func receive(_ input: RawSpan, on id: SessionID) -> Bool {
        guard var box = context.clients.slab.take(id) else { return false }
        guard !box.value.flags.contains(.killed) else {
            context.clients.slab.put(box, back: id)
            return false
        }
        swap(&context.served, &box)
        refreshTime()
        context.statistics.turns.begin(at: lastTick)
        turnStart = lastTick
        context.session.lastInteraction = context.now
        context.session.inputBytes += Int64(input.byteCount)
        context.statistics.inputBytes += Int64(input.byteCount)
        context.statistics.turns.reads &+= 1
        context.reply.version = context.session.version
        context.inputAtHand = context.session.pendingInputBytes + input.byteCount
        outputAllowance = outputAllowanceOfServed()
        process(input)
        context.inputAtHand = 0
        if context.clients.control.attention.contains(.monitored) { sendFeed() }
        let alive = finishServing(box)
        serveOthers()
        return alive
    }

    /// Puts the served session back and its replies into its output; `nobody`
    /// takes its place in the context.
    mutating func finishServing(_ nobody: consuming Box<Session>) -> Bool {
        if context.reply.bytes.count > 0 {
            context.reply.bytes.cut(into: &context.served.value.output)
        }
        if context.clients.control.attention.contains(.pushed) { context.deliverHeldPushes() }
        let id = context.session.id
        let isClosing = context.session.flags.contains(.closing)
        if !context.session.output.isEmpty || isClosing, !context.session.flags.contains(.dirty) {
            context.session.flags.insert(.dirty)
            context.clients.dirty.append(id)
        }
        if context.session.flags.contains(.yielding) {
            context.session.flags.remove(.yielding)
            if context.session.pendingInputBytes > 0 { yielded.append(id) }
        }
        swap(&nobody, &context.served)
        if !nobody.value.flags.contains(.killed) { context.checkOutput(of: &nobody.value) }
        if context.clients.control.countsMemory { context.countMemory(of: &nobody.value) }
        let isEnding = !nobody.value.flags.isDisjoint(with: [.closing, .killed])
        context.clients.slab.put(nobody, back: id)
        return !isEnding
    }

    private mutating func process(_ input: RawSpan) {
        // Moved out, so that arguments may point into it while the engine changes.
        var words = WordBuffer()
        swap(&words, &self.words)
        process(input, &words)
        swap(&words, &self.words)
    }

    private mutating func process(_ input: RawSpan, _ words: inout WordBuffer) {
        let isBlocked = context.session.flags.contains(.blocked)
        guard let pending = context.session.pending.take() else {
            return isBlocked ? stop(input, behind: 0) : run(all: input, &words)
        }
        guard isBlocked else { return resume(pending.unwrap(), with: input, &words) }
        // What a blocked client sends waits with it.
        var held = pending.unwrap()
        var taken = 0
        while taken < input.byteCount { taken += held.receive(input.suffix(from: taken)) }
        if !isBeyondQueryLimit(held) { context.session.pending = Box(held) }
    }

    private var limits: RequestLimits {
        RequestLimits(
            maximumBulkBytes: Int(context.configuration.maximumBulkBytes),
            isAuthenticated: context.session.flags.contains(.authenticated))
    }

    // MARK: Whole requests

    /// Runs the requests that are complete in `input`; what is left is kept.
    mutating func run(all input: RawSpan, _ words: inout WordBuffer) {
        var parser = RequestParser()
        var offset = 0
        while true {
            words.removeAll()
            batch.removeAll(keepingCapacity: true)
            // Before authentication the limits may change with every request.
            let limit = context.session.flags.contains(.authenticated) ? Self.batchLimit : 1
            let batchStart = offset
            var start = offset
            var firstWord = 0
            var status = RequestParser.Status.complete
            var failure: ProtocolError?
            while batch.count < limit {
                start = offset
                firstWord = words.count
                do throws(ProtocolError) {
                    status = try parser.advance(input, &offset, &words, limits)
                } catch {
                    failure = error
                    break
                }
                guard status == .complete else { break }
                add(firstWord, offset, words)
            }
            let end = runBatch(words, from: batchStart)
            if end < batch.count { return stop(input, behind: batch[end].endOffset) }
            if let failure { return refuse(failure) }
            switch status {
            case .complete: continue
            case .inline(let lineStart, let count):
                guard runInline(input.slice(lineStart, count).array) else { return stop(input, behind: offset) }
            case .incomplete, .largeBulk:
                return keep(input, start, offset, words, firstWord, parser, status)
            }
        }
    }

    /// Notes a parsed request and asks for the memory that it will need.
    @inline(__always)
    private mutating func add(_ firstWord: Int, _ endOffset: Int, _ words: borrowing WordBuffer) {
        var request = ParsedRequest(
            firstWord: firstWord, endWord: words.count, endOffset: endOffset, command: -1, hash: 0)
        let count = words.count &- firstWord
        if count > 0 {
            let arguments = words.words(firstWord..<words.count)
            if let id = context.commands.find(arguments[0]) {
                request.command = Int32(truncatingIfNeeded: id)
                let key = context.commands.commands[id].firstKey
                if key > 0, key < count {
                    request.hash = context.keyspace.hash(arguments[key])
                    context.keyspace[context.session.database][request.hash].prefetchBucket(request.hash)
                }
            }
        }
        batch.append(request)
    }

    /// Runs the batch, which begins at `offset` of the input; returns the number of the request after which the
    /// session stopped (it closes or is blocked), or the batch's count.
    private mutating func runBatch(_ words: borrowing WordBuffer, from offset: Int) -> Int {
        if batch.count > 1 {
            for i in 0..<batch.count where batch[i].hash != 0 {
                context.keyspace[context.session.database][batch[i].hash].prefetchEntry(batch[i].hash)
            }
        }
        var begin = offset
        for i in 0..<batch.count {
            let request = batch[i]
            requestBytes = request.endOffset &- begin
            begin = request.endOffset
            guard request.endWord > request.firstWord else { continue }
            execute(words.words(request.firstWord..<request.endWord), Int(request.command))
            if !context.session.flags.isDisjoint(with: Self.stopping) { return i }
        }
        return batch.count
    }

    private mutating func runInline(_ line: [UInt8]) -> Bool {
        guard let split = InlineWords.split(line.rawSpan) else {
            refuse(.unbalancedQuotes)
            return false
        }
        guard !split.isEmpty else { return true }
        let owned = OwnedArguments(split)
        run(owned)
        return context.session.flags.isDisjoint(with: Self.stopping)
    }

    /// Runs one request from its owned words.
    mutating func run(_ owned: borrowing OwnedArguments) {
        let arguments = owned.arguments
        requestBytes = Self.bytes(of: arguments)
        execute(arguments, context.commands.find(arguments[0]) ?? -1)
    }

    /// The session stopped: what it has sent beyond is kept when it goes on later.
    private mutating func stop(_ input: RawSpan, behind offset: Int) {
        guard context.session.flags.isDisjoint(with: [.closing, .killed]), offset < input.byteCount else { return }
        keep(input, offset, offset, WordBuffer(), 0, RequestParser(), .incomplete)
    }

    private mutating func keep(
        _ input: RawSpan, _ start: Int, _ offset: Int, _ words: borrowing WordBuffer, _ firstWord: Int,
        _ parser: RequestParser, _ status: RequestParser.Status
    ) {
        guard start < input.byteCount else { return }
        context.session.pending = Box(
            PendingRequest(
                parser: parser, input: input, start: start, offset: offset, words: words, first: firstWord,
                status: status))
    }

    // MARK: Requests in parts

    private mutating func resume(_ held: consuming PendingRequest, with input: RawSpan, _ words: inout WordBuffer) {
        var pending = held
        var taken = 0
        while true {
            if taken < input.byteCount { taken += pending.receive(input.suffix(from: taken)) }
            let status: RequestParser.Status
            do throws(ProtocolError) {
                status = try pending.advance(limits)
            } catch {
                return refuse(error)
            }
            switch status {
            case .complete:
                runPending(&pending)
            case .inline(let start, let count):
                _ = runInline(pending.line(start, count))
            case .incomplete, .largeBulk:
                if taken < input.byteCount { continue }
                if isBeyondQueryLimit(pending) { return }
                context.session.pending = Box(pending)
                return
            }
            return finish(pending, input.suffix(from: taken), &words)
        }
    }

    private mutating func runPending(_ pending: inout PendingRequest) {
        guard pending.words.count > 0 else { return }
        pending.moveLargeWords(to: &context.largeWords)
        let arguments = pending.words.words(0..<pending.words.count)
        requestBytes = Self.bytes(of: arguments)
        execute(arguments, context.commands.find(arguments[0]) ?? -1)
        context.largeWords.removeAll(keepingCapacity: false)
    }

    /// Goes on with what was received behind a request that came in parts.
    private mutating func finish(
        _ pending: consuming PendingRequest, _ input: RawSpan, _ words: inout WordBuffer
    ) {
        guard var rest = pending.takeRest() else {
            if context.session.flags.isDisjoint(with: Self.stopping) { return run(all: input, &words) }
            return stop(input, behind: 0)
        }
        if input.byteCount > 0 {
            rest = rest.reserving(rest.count + input.byteCount)
            rest.append(input)
        }
        if context.session.flags.isDisjoint(with: Self.stopping) {
            run(all: rest.bytes, &words)
        } else {
            stop(rest.bytes, behind: 0)
        }
    }

    /// Answers a request that breaks the protocol and ends the connection.
    private mutating func refuse(_ error: ProtocolError) {
        let text = [UInt8]("ERR Protocol error: ") + error.message
        context.reply.error(text.rawSpan)
        context.statistics.errors.count("ERR")
        context.session.flags.insert(.closing)
    }

    /// What ends a session's work on its input for now.
    private static var stopping: SessionFlags { [.closing, .blocked, .yielding, .killed] }

    /// Whether something is to go on in the next turn: sessions with the rest of their input, or evictions.
    public var hasYielded: Bool { !yielded.isEmpty || eviction.isUnderWay }

    /// Goes on with evictions and sessions that had used up their share of the last turn.
    public mutating func resumeYielded() {
        if eviction.isUnderWay { evict() }
        var sessions: [SessionID] = []
        swap(&sessions, &yielded)
        for id in sessions {
            guard var box = context.clients.slab.take(id) else { continue }
            swap(&context.served, &box)
            refreshTime()
            context.statistics.turns.begin(at: lastTick)
            turnStart = lastTick
            context.reply.version = context.session.version
            outputAllowance = outputAllowanceOfServed()
            if !context.session.flags.contains(.killed) { resumeInput() }
            if context.clients.control.attention.contains(.monitored) { sendFeed() }
            _ = finishServing(box)
            serveOthers()
        }
    }

    /// What a session's commands brought about for others.
    mutating func serveOthers() {
        unblockAsRequested()
        serveBlockedClients()
        if context.clients.tracking.prefixCount > 0 { context.sendBroadcasts() }
        releasePostponed()
        evictClients()
    }

    /// A session that was blocked goes on: with the command that was postponed,
    /// and with what it has sent meanwhile.
    private mutating func resumeInput() {
        runPostponed()
        guard context.session.flags.isDisjoint(with: Self.stopping), let pending = context.session.pending.take() else { return }
        var words = WordBuffer()
        resume(pending.unwrap(), with: RawSpan(), &words)
    }
}
