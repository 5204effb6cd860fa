# Every step is a script of scripts/image; scripts/image/ci.sh runs the same ones without Docker.
FROM node:26-trixie-slim AS build
WORKDIR /source
COPY package.json package-lock.json ./
COPY scripts/image scripts/image
RUN --mount=type=cache,target=/root/.npm scripts/image/install-dependencies.sh
COPY . .
RUN scripts/image/build.sh /packed

FROM node:26-trixie-slim
COPY scripts/image /tmp/image
COPY --from=build /packed /tmp/packed
RUN --mount=type=cache,target=/root/.npm /tmp/image/install.sh /tmp/packed /usr/local \
 && /tmp/image/smoke.sh /usr/local \
 && /tmp/image/data-folder.sh /var/lib/mailtrace node
ENV NODE_ENV=production \
    MAILTRACE_CONFIG=/etc/mailtrace/config.yaml \
    MAILTRACE_DATA_DIR=/var/lib/mailtrace
USER node
WORKDIR /var/lib/mailtrace
VOLUME /var/lib/mailtrace
ENTRYPOINT ["mailtrace"]
CMD ["slack"]
