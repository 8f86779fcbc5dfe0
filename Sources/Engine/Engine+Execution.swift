// The execution unit: one command, one transaction, one served blocked client,
// or one slice of the expire cycle. It has one moment; its effects and notices
// are drained once, at its end.

import Keyspace
import Primitives
import RESP

extension Engine {
    /// Runs a request as a unit of its own; `id` is the command's or negative.
    mutating func execute(_ arguments: borrowing Arguments, _ id: Int) {
        var repliesBefore = context.reply.bytes.count
        guard repliesBefore <= outputAllowance || hasRoom(for: repliesBefore) else { return }
        guard let command = admit(arguments, id) else { return finishReply(behind: repliesBefore) }
        if !context.clients.control.attention.isEmpty {
            let mayRun = mayRun(command, arguments)
            repliesBefore = min(repliesBefore, context.reply.bytes.count)
            if !mayRun { return finishReply(behind: repliesBefore) }
        }
        if context.session.hasTransaction, !context.commands.commands[command].flags.contains(.immediate) {
            enqueue(arguments, command)
            return finishReply(behind: repliesBefore)
        }
        let outcome = call(command, arguments, behind: repliesBefore)
        switch outcome {
        case .done: break
        case .close: context.session.flags.insert(.closing)
        case .block: block(arguments)
        case .exchange: beginExchange(arguments)
        case .executeTransaction: executeTransaction()
        }
        endUnit()
        if context.session.flags.contains(.tracking) { context.endTrackedCommand(command) }
        if !context.clients.control.attention.isEmpty { showExecuted(command, arguments) }
        if lastTick &- turnStart > Self.turnNanoseconds { context.session.flags.insert(.yielding) }
        finishReply(behind: repliesBefore)
        if blocked.hasReady || !context.blocking.changedDatabases.isEmpty { serveBlockedClients() }
        if context.clients.control.attention.contains(.pushed) { deliverHeldPushes() }
    }

    /// Asks what `Attention` is about before a command runs. If it must not run now,
    /// the client was answered or waits.
    @inline(never)
    private mutating func mayRun(_ command: CommandID, _ arguments: borrowing Arguments) -> Bool {
        context.limitTrackedKeys()
        if context.clients.control.attention.contains(.pushed) { deliverHeldPushes() }
        guard isAllowedToMonitor(command) else { return false }
        let isPaused = isPaused(command)
        guard isPaused || isHeldBack(command, arguments) else { return true }
        postpone(arguments, isPaused: isPaused)
        return false
    }

    /// Resolves the command and checks what every command is checked for; on
    /// failure the error is the reply.
    private mutating func admit(_ arguments: borrowing Arguments, _ id: Int) -> CommandID? {
        if context.session.flags.contains(.reserve), !mayUseReserve(id) {
            context.statistics.rejectedConnections += 1
            context.session.flags.insert(.closing)
            reject([UInt8]("ERR max number of clients reached"), nil)
            return nil
        }
        guard id >= 0 else {
            reject(unknownCommand(arguments), nil)
            return nil
        }
        var command = id
        if !context.commands.commands[command].subcommands.isEmpty, arguments.count > 1 {
            guard let sub = context.commands.findSubcommand(arguments[1], of: command) else {
                reject(unknownSubcommand(arguments, command), nil)
                return nil
            }
            command = sub
        }
        guard context.commands.commands[command].accepts(arguments.count),
            context.commands.commands[command].handler != nil
        else {
            let name = context.commands.commands[command].fullName
            reject([UInt8]("ERR wrong number of arguments for '\(name)' command"), command)
            return nil
        }
        let flags = context.commands.commands[command].flags
        if !context.session.flags.contains(.authenticated), !flags.contains(.noAuth) {
            reject([UInt8]("NOAUTH Authentication required."), command)
            return nil
        }
        // What runs at once says itself, in its own words, that it is not allowed.
        if flags.contains(.noMulti), !flags.contains(.immediate), context.session.hasTransaction {
            reject([UInt8]("ERR Command not allowed inside a transaction"), command)
            return nil
        }
        if context.session.flags.contains(.subscribed), context.session.version == .resp2,
            !flags.contains(.whileSubscribed) {
            let name = context.commands.commands[command].fullName
            let text = "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
            reject([UInt8](text + "are allowed in this context"), command)
            return nil
        }
        if context.statistics.snapshots.loading != nil, !flags.contains(.loading) {
            reject([UInt8]("LOADING Redis is loading the dataset in memory"), command)
            return nil
        }
        if let refusal = diskRefusal, flags.contains(.write) || context.commands.commands[command].fullName == "ping" {
            reject([UInt8](refusal), command)
            return nil
        }
        return isOutOfMemory(for: command) ? nil : command
    }

    /// Whether a command must not run for lack of memory, which is then the reply.
    @inline(__always)
    mutating func isOutOfMemory(for command: CommandID) -> Bool {
        guard context.configuration.maximumMemory > 0 else { return false }
        let flags = context.commands.commands[command].flags
        guard !makeRoom(), needsMemory(flags), !flags.contains(.immediate) else { return false }
        reject(RawSpan(literal: CommandError.outOfMemory.text).array, command)
        return true
    }

    /// Why writes are refused while the data cannot be brought onto the disk; nil when they are not.
    private var diskRefusal: String? {
        @inline(__always)
        get {
            guard context.statistics.appendOnly.failsToWrite || !context.statistics.snapshots.isLastSaveGood else { return nil }
            return findDiskRefusal()
        }
    }

    @inline(never)
    private func findDiskRefusal() -> String? {
        if !context.statistics.snapshots.isLastSaveGood, context.configuration.persistence.stopsWritesOnError,
            !context.configuration.persistence.savePoints.isEmpty {
            return Self.saveFailureText
        }
        return context.appendOnlyRefusal
    }

    private static var saveFailureText: String {
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
            + "Commands that may modify the data set are disabled, because this instance is configured to report errors during "
            + "writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). "
            + "Please check the Redis logs for details about the RDB error."
    }

    /// Runs a handler: its reply (behind `repliesBefore` bytes of others), effects and notices go to the context.
    mutating func call(_ id: CommandID, _ arguments: borrowing Arguments, behind repliesBefore: Int) -> Outcome {
        context.effects.prepare(in: context.session.database)
        context.notices.begin()
        context.session.lastCommand = id
        RunningCommand.note(id)
        let handler = context.commands.commands[id].handler
        var outcome = Outcome.done
        do throws(CommandError) {
            if let handler { outcome = try handler(&context, arguments) }
        } catch {
            replyError(error)
            context.statistics.commands[id].failed &+= 1
        }
        // A key may come into being without an event of its own (BITFIELD that fails).
        if !context.notices.missing.isEmpty { context.tellArrivals() }
        if context.notices.changes > 0 {
            context.statistics.dirty &+= Int64(context.notices.changes)
            if !context.effects.isExplicit { context.effects.verbatim(arguments) }
        }
        if context.session.flags.contains(.tracking) { context.rememberKeys(of: id, arguments) }
        let tick = context.time.monotonicNanoseconds
        switch outcome {
        case .block, .exchange: break
        case .done, .close, .executeTransaction:
            account(id, arguments, tick &- lastTick, replyBytes: context.reply.bytes.count &- repliesBefore)
        }
        lastTick = tick
        return outcome
    }

    /// Gives the served session what it is pushed, behind its reply.
    @inline(never)
    private mutating func deliverHeldPushes() {
        context.deliverHeldPushes()
        outputAllowance = outputAllowanceOfServed()
    }

    /// Ends the unit: effects go to the journal, notices to whoever waits, time moves on.
    mutating func endUnit() {
        if !context.effects.isEmpty {
            context.effects.drain(into: &context.journal)
            context.session.delivery.lastWrite = context.journal.position
        }
        if context.notices.hasRecorded { deliverNotices() }
        advanceNow()
    }

    /// Tells whoever is interested what has changed.
    @inline(never)
    mutating func deliverNotices() {
        let notices = context.notices.take()
        guard !notices.isEmpty else { return }
        if context.notices.interest.contains(.watchers) {
            for notice in notices { context.touchWatchers(of: notice) }
        }
        if context.notices.interest.contains(.blockedClients) { blocked.collectReady(notices) }
    }

    /// Drops the reply of clients that want none: what stands behind the
    /// `repliesBefore` bytes that earlier requests were answered with.
    mutating func finishReply(behind repliesBefore: Int) {
        let silent: SessionFlags = [.replyOff, .replySkip, .replySkipNext]
        guard !context.session.flags.isDisjoint(with: silent) else { return }
        // A blocked command's reply is still to come.
        guard !context.session.flags.contains(.blocked) else { return }
        if context.session.flags.contains(.answersAnyway) {
            context.session.flags.remove(.answersAnyway)
        } else if !context.session.flags.isDisjoint(with: [.replyOff, .replySkip]) {
            context.reply.bytes.discard(behind: repliesBefore)
        }
        context.session.flags.remove(.replySkip)
        if context.session.flags.contains(.replySkipNext) {
            context.session.flags.remove(.replySkipNext)
            context.session.flags.insert(.replySkip)
        }
    }

    // MARK: Errors

    private mutating func replyError(_ error: CommandError) {
        if case .custom = error {
            let text = context.errorText
            context.errorText = []
            countError(text)
            context.reply.error(text.rawSpan)
        } else {
            countError(RawSpan(literal: error.text).array)
            context.reply.error(error.text)
        }
    }

    mutating func countError(_ text: [UInt8]) {
        let end = text.firstIndex(of: 32) ?? text.count
        context.statistics.errors.count(String(decoding: text[..<end], as: UTF8.self))
    }

    /// Answers with an error before the command ran.
    mutating func reject(_ text: [UInt8], _ command: CommandID?) {
        if let command { context.statistics.commands[command].rejected &+= 1 }
        countError(text)
        context.reply.error(text.rawSpan)
        if context.session.hasTransaction { abortTransaction() }
    }

    private func unknownCommand(_ arguments: borrowing Arguments) -> [UInt8] {
        var text = [UInt8]("ERR unknown command '")
        text += arguments[0].slice(0, min(128, arguments[0].byteCount)).array
        text += [UInt8]("', with args beginning with: ")
        var room = 128
        var index = 1
        while index < arguments.count, room > 0 {
            let shown = min(room, arguments[index].byteCount)
            text.append(39)
            text += arguments[index].slice(0, shown).array
            text += [39, 32]
            room -= shown + 3
            index += 1
        }
        return text
    }

    private func unknownSubcommand(_ arguments: borrowing Arguments, _ command: CommandID) -> [UInt8] {
        let shown = arguments[1].slice(0, min(128, arguments[1].byteCount)).array
        let name = context.commands.commands[command].fullName
        return [UInt8]("ERR unknown subcommand '") + shown + [UInt8]("'. Try \(name.uppercased()) HELP.")
    }
}
